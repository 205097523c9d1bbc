"""The trunks of a stack of runs: forward and backward as products of stacked matrices.

Names of tensors: K runs, B samples of a batch, F features, D width of the stack, C classes, N samples of a split.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor

from morphogenetic_engine.engine.fused.layout import Layout, parameters_of, trunk_layers
from morphogenetic_engine.engine.fused.output_layers import OutputLayers
from morphogenetic_engine.engine.network.network import Network

_relu_backward = torch.ops.aten.threshold_backward


class StackedTrunk:
    """The weights of the trunks of several networks: the deepest first, those of one depth in the order of widths.

    The networks that have a certain layer are therefore the first ones, and no layer is computed for others.
    """

    def __init__(self, networks: Sequence[Network], width: int) -> None:
        first = networks[0].shape
        shapes = [(width, first.features), *[(width, width)] * first.num_layers, (first.classes, width)]
        longest = Layout.of(shapes)
        self.layouts = [longest.of_depth(network.shape.num_layers) for network in networks]
        self.tensors = [parameters_of(trunk_layers(network)) for network in networks]
        self.flat_KT = torch.zeros(len(networks), longest.length, device=networks[0].device)
        self.gradient_KT = torch.zeros_like(self.flat_KT)
        with torch.no_grad():
            for row_T, layout, tensors in zip(self.flat_KT, self.layouts, self.tensors, strict=True):
                layout.write(row_T, tensors)
        depths = [network.shape.num_layers for network in networks]
        self._counts = [sum(depth >= layer for depth in depths) for layer in range(first.num_layers + 1)]
        """The number of networks that have each layer but the last."""
        views = [place.of(self.flat_KT) for place in longest.places]
        counts = [*self._counts, len(networks)]
        self._weights = [weight[:count] for weight, count in zip(views[0::2], counts, strict=True)]
        self._biases = [bias[:count] for bias, count in zip(views[1::2], counts, strict=True)]
        self._transposed = [weight.transpose(1, 2) for weight in self._weights]
        widths = [network.shape.hidden_dim for network in networks]
        gradients = [place.of(self.gradient_KT) for place in longest.places]
        self._weight_gradients = [each[:count] for each, count in zip(gradients[0::2], counts, strict=True)]
        self._bias_gradients = [
            [(start, stop, width, each[start:stop, 0, :width]) for start, stop, width in _runs(widths[:count])]
            for each, count in zip(gradients[1:-1:2], self._counts, strict=True)
        ]
        """By layer but the last, those of neighbours of equal width."""
        self._output_bias_gradient = gradients[-1]
        self._output = OutputLayers(self._weights[-1], self._biases[-1], widths)

    def forward(self, x_KBF: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Returns the logits, and the input, the output of each layer after its ReLU, and that of each last block."""
        found = [x_KBF]
        for bias, weight, count in zip(self._biases[:-1], self._transposed[:-1], self._counts, strict=True):
            found.append(torch.baddbmm(bias, found[-1][:count], weight).relu_())
        found.append(self._by_depth(found[1:]))
        return self._output.forward(found[-1]), found

    def _by_depth(self, outputs: Sequence[Tensor]) -> Tensor:
        """Returns the output of each network's last block."""
        if self._counts[-1] == self._counts[0]:
            return outputs[-1]
        stops = [0, *reversed(self._counts)]
        parts = [each[stop:] for stop, each in zip(stops, reversed(outputs), strict=False) if stop < each.shape[0]]
        return torch.cat(parts)

    def backward(self, g_KBC: Tensor, outputs: Sequence[Tensor]) -> None:
        """Computes the gradients of all weights and biases."""
        torch.sum(g_KBC, 1, keepdim=True, out=self._output_bias_gradient)
        self._weight_gradients[-1].copy_(self._output.weight_gradient(g_KBC, outputs[-1]))
        g_KBD = _relu_backward(torch.bmm(g_KBC, self._weights[-1]), outputs[-1], 0)
        counts = self._counts
        g = g_KBD[: counts[-1]]
        for layer in range(len(counts) - 1, -1, -1):
            x = outputs[layer][: counts[layer]]
            self._sum_columns(layer, g)
            self._weight_gradients[layer].copy_(torch.bmm(g.transpose(1, 2), x))
            if layer:
                g = _relu_backward(torch.bmm(g, self._weights[layer]), x, 0)
                if counts[layer] < counts[layer - 1]:  # the last block of these networks
                    g = torch.cat((g, g_KBD[counts[layer] : counts[layer - 1]]))

    def _sum_columns(self, layer: int, g_KBD: Tensor) -> None:
        """Computes the gradients of biases, in the order of additions that each run's own width has."""
        for start, stop, width, gradient_KD in self._bias_gradients[layer]:
            torch.sum(g_KBD[start:stop, :, :width], 1, out=gradient_KD)


def _runs(widths: Sequence[int]) -> list[tuple[int, int, int]]:
    """Returns neighbours of equal width, as (start, stop, width)."""
    runs, at = [], 0
    for width, members in groupby(widths):
        count = len(list(members))
        runs.append((at, at + count, width))
        at += count
    return runs
