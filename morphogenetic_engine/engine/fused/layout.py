"""The places of a trunk's weights in one flat row, padded to the width of the stack.

Names of tensors: K runs of a stack, T numbers of a row, F features, D width of the stack, C classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from morphogenetic_engine.engine.network.network import Network

LANES = 16
"""Numbers that the widest vector instruction takes; kernels treat what is left over at a tensor's end otherwise."""


@dataclass(frozen=True)
class Place:
    """One weight or bias in a row: rows and columns as padded; a bias has one row."""

    start: int
    rows: int
    columns: int

    @property
    def stop(self) -> int:
        """The place after it."""
        return self.start + self.rows * self.columns

    def of(self, flat_KT: Tensor) -> Tensor:
        """Returns its view, [K, rows, columns]."""
        return flat_KT[:, self.start : self.stop].view(flat_KT.shape[0], self.rows, self.columns)


@dataclass(frozen=True)
class Layout:
    """The places of linear layers in a row, weight and bias in turn."""

    places: tuple[Place, ...]
    length: int
    """Numbers of a row, a multiple of LANES."""

    @classmethod
    def of(cls, shapes: Sequence[tuple[int, int]]) -> Layout:
        """Returns the layout of layers with these (outputs, inputs)."""
        places: list[Place] = []
        at = 0
        for outputs, inputs in shapes:
            for rows, columns in ((outputs, inputs), (1, outputs)):
                places.append(Place(at, rows, columns))
                at = places[-1].stop
        return cls(tuple(places), -(-at // LANES) * LANES)

    def of_depth(self, blocks: int) -> Layout:
        """Returns the places of a network with fewer blocks: those of its first layers, and that of the output."""
        return Layout((*self.places[: 2 + 2 * blocks], *self.places[-2:]), self.length)

    def write(self, row_T: Tensor, tensors: Sequence[Tensor]) -> None:
        """Writes weights and biases into a row; what they do not fill stays as it is."""
        for place, tensor in zip(self.places, tensors, strict=True):
            part = tensor.view(1, -1) if tensor.dim() == 1 else tensor
            place.of(row_T[None])[0, : part.shape[0], : part.shape[1]] = part

    def read(self, row_T: Tensor, tensors: Sequence[Tensor]) -> None:
        """Copies a row into weights and biases."""
        for place, tensor in zip(self.places, tensors, strict=True):
            part = tensor.view(1, -1) if tensor.dim() == 1 else tensor
            part.copy_(place.of(row_T[None])[0, : part.shape[0], : part.shape[1]])

    def tails(self, shapes: Sequence[torch.Size]) -> Iterator[list[int]]:
        """Yields the places in a row of the last numbers of each tensor, those that fill no whole vector."""
        for place, shape in zip(self.places, shapes, strict=True):
            width = shape[-1]
            left = shape.numel() % LANES
            if left:
                last = range(shape.numel() - left, shape.numel())
                yield [place.start + number // width * place.columns + number % width for number in last]


def trunk_layers(network: Network) -> list[nn.Linear]:
    """Returns the layers of the trunk, in order."""
    return [layer for layer in (network.input, *network.blocks, network.output) if isinstance(layer, nn.Linear)]


def parameters_of(layers: Sequence[nn.Linear]) -> list[Tensor]:
    """Returns weight and bias of each layer in turn."""
    return [parameter for layer in layers for parameter in (layer.weight, layer.bias)]
