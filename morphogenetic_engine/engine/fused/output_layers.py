"""The last layers of a stack of networks.

They have few outputs, and the kernels for so few columns add in another order where rows begin elsewhere. Where a width
is no multiple of eight, the products of each run are therefore made by itself, of tensors that begin as its own do.

Names of tensors: K runs of a stack, B samples of a batch, D width of the stack, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

_STEADY = 8
"""Widths that are a multiple of it have the same bits wherever their rows begin."""


class OutputLayers:
    """The last layers of networks with these widths."""

    def __init__(self, weight_KCD: Tensor, bias_K1C: Tensor, widths: Sequence[int]) -> None:
        self._weight_KCD, self._bias_K1C = weight_KCD, bias_K1C
        self._transposed = weight_KCD.transpose(1, 2)
        self._apart = [(row, width) for row, width in enumerate(widths) if width % _STEADY]
        """The runs whose products are made one by one."""

    def forward(self, x_KBD: Tensor) -> Tensor:
        """Returns the logits."""
        logits_KBC = torch.baddbmm(self._bias_K1C, x_KBD, self._transposed)
        for row, width in self._apart:
            x_BH, weight_CH = _own(x_KBD[row, :, :width]), _own(self._weight_KCD[row, :, :width])
            logits_KBC[row] = functional.linear(x_BH, weight_CH, self._bias_K1C[row, 0])
        return logits_KBC

    def weight_gradient(self, g_KBC: Tensor, x_KBD: Tensor) -> Tensor:
        """Returns the gradient of the weights by that of the logits."""
        gradient_KCD = torch.bmm(g_KBC.transpose(1, 2), x_KBD)
        for row, width in self._apart:
            gradient_KCD[row, :, :width] = torch.mm(g_KBC[row].t(), x_KBD[row, :, :width])
        return gradient_KCD


def _own(values: Tensor) -> Tensor:
    """Returns a copy in memory of its own."""
    return values.clone(memory_format=torch.contiguous_format)
