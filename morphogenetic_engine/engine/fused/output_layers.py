"""The last layers of a stack of networks.

They have few outputs, and the kernels for so few columns add in another order where rows begin elsewhere. Where a width
is no multiple of eight, the products of each run are therefore made by itself, of tensors that begin as its own do.

Names of tensors: K runs of a stack, B samples of a batch, D width of the stack, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_STEADY = 8
"""Widths that are a multiple of it have the same bits wherever their rows begin."""


@dataclass(frozen=True)
class _Apart:
    """A layer whose products are made by itself: its row, its width, and its part of the stack."""

    row: int
    width: int
    weight_CH: Tensor
    bias_C: Tensor


class OutputLayers:
    """The last layers of networks with these widths."""

    def __init__(self, weight_KCD: Tensor, bias_K1C: Tensor, widths: Sequence[int]) -> None:
        self._bias_K1C = bias_K1C
        self._transposed = weight_KCD.transpose(1, 2)
        self._apart = [
            _Apart(row, width, weight_KCD[row, :, :width], bias_K1C[row, 0])
            for row, width in enumerate(widths)
            if width % _STEADY
        ]

    def forward(self, x_KBD: Tensor) -> Tensor:
        """Returns the logits."""
        logits_KBC = torch.baddbmm(self._bias_K1C, x_KBD, self._transposed)
        if self._apart:
            logits, x = logits_KBC.unbind(), x_KBD.unbind()
            for one in self._apart:
                x_BH = _own(x[one.row].narrow(1, 0, one.width))
                torch.addmm(one.bias_C, x_BH, _own(one.weight_CH).t(), out=logits[one.row])
        return logits_KBC

    def weight_gradient(self, g_KBC: Tensor, x_KBD: Tensor) -> Tensor:
        """Returns the gradient of the weights by that of the logits."""
        gradient_KCD = torch.bmm(g_KBC.transpose(1, 2), x_KBD)
        if self._apart:
            gradients, g, x = gradient_KCD.unbind(), g_KBC.unbind(), x_KBD.unbind()
            for one in self._apart:
                gradient_CH = torch.mm(g[one.row].t(), x[one.row].narrow(1, 0, one.width))
                gradients[one.row].narrow(1, 0, one.width).copy_(gradient_CH)
        return gradient_KCD


def _own(values: Tensor) -> Tensor:
    """Returns a copy in memory of its own."""
    return values.clone(memory_format=torch.contiguous_format)
