"""The children of germinated seeds as a stack: what they propose, their gradients, and their optimisers.

Names of tensors: S children, B samples of a batch, D width of the stack.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from morphogenetic_engine.engine.fused.layout import Layout, parameters_of
from morphogenetic_engine.engine.fused.stacked_adam import StackedAdam
from morphogenetic_engine.engine.network.network import CHILD_EXPANSION, SentinelSeed
from morphogenetic_engine.engine.network.optimiser import Adam

_relu_backward = torch.ops.aten.threshold_backward


class StackedChildren:
    """Children of one width, each with its own optimiser."""

    def __init__(self, seeds: Sequence[SentinelSeed], optimisers: Sequence[Adam], width: int) -> None:
        self.seeds = seeds
        self.device = optimisers[0].param_groups[0]["params"][0].device
        wide = CHILD_EXPANSION * width
        layout = Layout.of([(wide, width), (width, wide)])
        tensors = [parameters_of(_layers(seed)) for seed in seeds]
        flat_ST = torch.zeros(len(seeds), layout.length, device=tensors[0][0].device)
        with torch.no_grad():
            for row_T, owned in zip(flat_ST, tensors, strict=True):
                layout.write(row_T, owned)
        self._weight1, self._bias1, self._weight2, self._bias2 = (place.of(flat_ST) for place in layout.places)
        self._transposed1, self._transposed2 = self._weight1.transpose(1, 2), self._weight2.transpose(1, 2)
        gradient_ST = torch.zeros_like(flat_ST)
        self._gradients = [place.of(gradient_ST) for place in layout.places]
        self._adam = StackedAdam(flat_ST, gradient_ST, [layout] * len(seeds), optimisers, tensors)

    def propose(self, x_SBD: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output of the hidden layer and the proposal of each child."""
        hidden = torch.baddbmm(self._bias1, x_SBD, self._transposed1).relu_()
        return hidden, torch.baddbmm(self._bias2, hidden, self._transposed2)

    def learn(self, g_SBD: Tensor, hidden: Tensor, x_SBD: Tensor, *, with_input: bool) -> Tensor | None:
        """Takes a step of each optimiser by the gradient of the proposals; returns that of their input, if wanted."""
        g_hidden = _relu_backward(torch.bmm(g_SBD, self._weight2), hidden, 0)
        weight1, bias1, weight2, bias2 = self._gradients
        weight1.copy_(torch.bmm(g_hidden.transpose(1, 2), x_SBD))
        torch.sum(g_hidden, 1, keepdim=True, out=bias1)
        weight2.copy_(torch.bmm(g_SBD.transpose(1, 2), hidden))
        torch.sum(g_SBD, 1, keepdim=True, out=bias2)
        g_x = torch.bmm(g_hidden, self._weight1) if with_input else None
        self._adam.step()
        return g_x

    def write_back(self, number: int) -> None:
        """Copies weights and moments of one child to its seed and its optimiser."""
        self._adam.write_back(number)


class Shadows:
    """Children that learn to reconstruct their blocks, with the sums of an epoch."""

    def __init__(self, children: StackedChildren, hidden: int) -> None:
        self._children = children
        self._hidden = hidden
        count = len(children.seeds)
        self._error_S = torch.zeros(count, dtype=torch.float64, device=children.device)
        self._energy_S = torch.zeros(count, dtype=torch.float64, device=children.device)

    def begin_epoch(self) -> None:
        """Sets the sums to zero."""
        self._error_S.zero_()
        self._energy_S.zero_()

    def step(self, x_SBD: Tensor) -> None:
        """Learns from the activations of one batch."""
        hidden, proposal = self._children.propose(x_SBD)
        samples = x_SBD.shape[1]
        off = proposal - x_SBD
        error_S, energy_S = self._means(off.square()), self._means(x_SBD.square())
        self._children.learn(off * (2.0 / (samples * self._hidden)), hidden, x_SBD, with_input=False)
        self._error_S.add_(error_S, alpha=samples)
        self._energy_S.add_(energy_S, alpha=samples)

    def progress(self) -> list[float]:
        """Returns the progress of each child in this epoch."""
        shares = torch.where(self._energy_S > 0, 1 - self._error_S / self._energy_S, 1.0)
        return [float(share) for share in shares.tolist()]

    def _means(self, values_SBD: Tensor) -> Tensor:
        return values_SBD[:, :, : self._hidden].reshape(len(values_SBD), -1).mean(1)


def _layers(seed: SentinelSeed) -> list[nn.Linear]:
    if seed.child is None:
        raise ValueError("a dormant seed has no child")
    return [layer for layer in seed.child if isinstance(layer, nn.Linear)]
