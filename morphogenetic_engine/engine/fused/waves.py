"""The way of a stack through its frozen trunks and the seeds that are in their outputs.

The runs of a stack have seeds in different blocks, and may have different depths. In each wave, every run that is not
yet at its next seed does its next layer, whichever that is; at a site all runs that have come to their next seed pass
through it together. Products of different layers do not differ in shape, so they are stacked like those of one layer.

Names of tensors: K runs, M runs of a wave, S children of a site, B samples of a batch, D width of the stack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from morphogenetic_engine.engine.fused.children import StackedChildren
from morphogenetic_engine.engine.fused.rows import Rows
from morphogenetic_engine.engine.network.network import SentinelSeed
from morphogenetic_engine.engine.network.optimiser import Adam
from morphogenetic_engine.engine.run import Run

_relu_backward = torch.ops.aten.threshold_backward


@dataclass(frozen=True)
class Layers:
    """Layers of equal shape, one of each of some runs."""

    weight_MDD: Tensor
    bias_M1D: Tensor
    transposed_MDD: Tensor

    @classmethod
    def of(cls, layers: Sequence[nn.Module], outputs: int, inputs: int) -> Layers:
        """Returns copies of the layers, padded with zeros."""
        weight_MDD: Tensor | None = None
        bias_M1D: Tensor | None = None
        for number, layer in enumerate(layers):
            assert isinstance(layer, nn.Linear)
            if weight_MDD is None or bias_M1D is None:
                weight_MDD = layer.weight.new_zeros(len(layers), outputs, inputs)
                bias_M1D = layer.bias.new_zeros(len(layers), 1, outputs)
            weight_MDD[number, : layer.out_features, : layer.in_features] = layer.weight
            bias_M1D[number, 0, : layer.out_features] = layer.bias
        assert weight_MDD is not None and bias_M1D is not None, "a wave has a run"
        return cls(weight_MDD, bias_M1D, weight_MDD.transpose(1, 2))

    def forward(self, x_MBD: Tensor) -> Tensor:
        """Returns the outputs, before their ReLU."""
        return torch.baddbmm(self.bias_M1D, x_MBD, self.transposed_MDD)


@dataclass(frozen=True)
class Wave:
    """The next layer of some runs."""

    runs: Rows
    layers: Layers

    def forward(self, x_KBD: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the activations of all runs, and those of the members alone."""
        y_MBD = self.layers.forward(self.runs.of(x_KBD)).relu_()
        return self.runs.replaced(x_KBD, y_MBD), y_MBD

    def backward(self, g_KBD: Tensor, y_MBD: Tensor) -> Tensor:
        """Returns the gradient of the activations before this wave."""
        g_MBD = _relu_backward(self.runs.of(g_KBD), y_MBD, 0)
        return self.runs.replaced(g_KBD, torch.bmm(g_MBD, self.layers.weight_MDD))


@dataclass(frozen=True)
class Turn:
    """The children that are first, second and so on at their site."""

    runs: Rows
    children: Rows


@dataclass(frozen=True)
class Grown:
    """The tensors of a site's forward pass."""

    x_SBD: Tensor
    hidden: Tensor
    proposal: Tensor
    shares: Sequence[float]


class Site:
    """The children of one block of each of some runs."""

    def __init__(
        self, members: Sequence[tuple[int, Run, Sequence[int]]], count: int, width: int, *, is_lowest: bool
    ) -> None:
        """`members` are (place in the stack, run, positions of its seeds); `count` is the number of runs."""
        self._is_lowest = is_lowest
        owned = [(place, run, position) for place, run, positions in members for position in positions]
        self.places = [place for place, _, _ in owned]
        self.seeds = [run.network.seeds[position] for _, run, position in owned]
        self._per_layer = [run.settings.seeds_per_layer for _, run, _ in owned]
        self.children = stacked_children([(run, position) for _, run, position in owned], width)
        self._gather = Rows(self.places, count, self.children.device)
        order = [turn for _, _, positions in members for turn in range(len(positions))]
        self._turns = [
            Turn(
                Rows([self.places[row] for row in rows], count, self.children.device),
                Rows(rows, len(owned), self.children.device),
            )
            for turn in range(max(order) + 1)
            for rows in [[row for row, each in enumerate(order) if each == turn]]
        ]

    def blend(self) -> None:
        """Raises the share of each child by one step."""
        for seed in self.seeds:
            seed.blend()

    def forward(self, x_KBD: Tensor) -> tuple[Tensor, Grown]:
        """Returns the activations with what the children add."""
        x_SBD = self._gather.of(x_KBD)
        hidden, proposal = self.children.propose(x_SBD)
        shares = [seed.alpha / count for seed, count in zip(self.seeds, self._per_layer, strict=True)]
        y_KBD = x_KBD
        for turn in self._turns:
            y_KBD = _added(y_KBD, proposal, turn, shares)
        return y_KBD, Grown(x_SBD, hidden, proposal, shares)

    def backward(self, g_KBD: Tensor, grown: Grown) -> Tensor:
        """Takes a step of each child, and returns the gradient of the activations before the site.

        The sum has the order in which autograd adds.
        """
        shares_S = torch.tensor(grown.shares, device=g_KBD.device)
        g_SBD = self._gather.of(g_KBD) * shares_S[:, None, None]
        g_x = self.children.learn(g_SBD, grown.hidden, grown.x_SBD, with_input=not self._is_lowest)
        if g_x is None:
            return g_KBD
        total = torch.zeros_like(g_KBD) if len(self._turns) > 1 else g_KBD
        for number in range(len(self._turns) - 1, -1, -1):
            turn = self._turns[number]
            if number == 0 and len(self._turns) > 1:
                total = total + g_KBD
            total = turn.runs.replaced(total, turn.runs.of(total) + turn.children.of(g_x))
        return total


def _added(x_KBD: Tensor, proposal: Tensor, turn: Turn, shares: Sequence[float]) -> Tensor:
    own = [shares[row] for row in turn.children.numbers]
    if len(set(own)) == 1:
        return turn.runs.replaced(x_KBD, turn.runs.of(x_KBD).add(turn.children.of(proposal), alpha=own[0]))
    y_KBD = x_KBD.clone()
    for place, row, share in zip(turn.runs.numbers, turn.children.numbers, own, strict=True):
        y_KBD[place].add_(proposal[row], alpha=share)
    return y_KBD


def stacked_children(members: Sequence[tuple[Run, int]], width: int) -> StackedChildren:
    """Returns the children of seeds, given as (run, position), with their optimisers."""
    seeds: list[SentinelSeed] = [run.network.seeds[position] for run, position in members]
    optimisers: list[Adam] = [run.growth.optimisers[position] for run, position in members]
    return StackedChildren(seeds, optimisers, width)
