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
    """The weights of the trunks of several networks of one depth, in the order of their widths."""

    def __init__(self, networks: Sequence[Network], width: int) -> None:
        first = networks[0].shape
        shapes = [(width, first.features), *[(width, width)] * first.num_layers, (first.classes, width)]
        self.layout = Layout.of(shapes)
        self.tensors = [parameters_of(trunk_layers(network)) for network in networks]
        self.flat_KT = torch.zeros(len(networks), self.layout.length, device=networks[0].device)
        with torch.no_grad():
            for row_T, tensors in zip(self.flat_KT, self.tensors, strict=True):
                self.layout.write(row_T, tensors)
        views = [place.of(self.flat_KT) for place in self.layout.places]
        self.weights = views[0::2]
        self.biases = views[1::2]
        self._transposed = [weight.transpose(1, 2) for weight in self.weights]
        widths = [network.shape.hidden_dim for network in networks]
        self.widths = tuple(_runs(widths))
        self._output = OutputLayers(self.weights[-1], self.biases[-1], widths)

    def forward(self, x_KBF: Tensor) -> list[Tensor]:
        """Returns the input, the output of each layer but the last after its ReLU, and the logits."""
        found = [x_KBF]
        for bias, weight in zip(self.biases[:-1], self._transposed[:-1], strict=True):
            found.append(torch.baddbmm(bias, found[-1], weight).relu_())
        found.append(self._output.forward(found[-1]))
        return found

    def backward(self, g_KBC: Tensor, outputs: Sequence[Tensor]) -> list[Tensor]:
        """Returns the gradients of all weights and biases, in the order of the layout."""
        gradients: list[Tensor] = []
        g = g_KBC
        last = len(self.weights) - 1
        for layer in range(last, -1, -1):
            x = outputs[layer]
            if layer == last:
                gradients += [g.sum(1), self._output.weight_gradient(g, x)]
            else:
                gradients += [self._column_sums(g), torch.bmm(g.transpose(1, 2), x)]
            if layer:
                g = _relu_backward(torch.bmm(g, self.weights[layer]), x, 0)
        return gradients[::-1]

    def _column_sums(self, g_KBD: Tensor) -> Tensor:
        """Returns the sums over the samples, in the order of additions that each run's own width has."""
        if len(self.widths) == 1 and self.widths[0][2] == g_KBD.shape[2]:
            return g_KBD.sum(1)
        summed_KD = g_KBD.new_zeros(g_KBD.shape[0], g_KBD.shape[2])
        for start, stop, width in self.widths:
            torch.sum(g_KBD[start:stop, :, :width], 1, out=summed_KD[start:stop, :width])
        return summed_KD


def _runs(widths: Sequence[int]) -> list[tuple[int, int, int]]:
    """Returns neighbours of equal width, as (start, stop, width)."""
    runs, at = [], 0
    for width, members in groupby(widths):
        count = len(list(members))
        runs.append((at, at + count, width))
        at += count
    return runs
