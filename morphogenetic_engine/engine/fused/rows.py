"""Some of the rows of a stacked tensor: as a view where they are neighbours, otherwise as a copy."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Rows:
    """The numbers of some rows, of which none, one or several may be chosen."""

    def __init__(self, numbers: Sequence[int], count: int, device: torch.device) -> None:
        """`count` is the number of rows that there are."""
        self.numbers = tuple(numbers)
        self._are_all = self.numbers == tuple(range(count))
        start = self.numbers[0]
        self._are_neighbours = self.numbers == tuple(range(start, start + len(self.numbers)))
        self._index = torch.tensor(self.numbers, device=device)

    def of(self, rows: Tensor) -> Tensor:
        """Returns these rows."""
        if self._are_all:
            return rows
        if self._are_neighbours:
            return rows[self.numbers[0] : self.numbers[-1] + 1]
        return rows.index_select(0, self._index)

    def replaced(self, rows: Tensor, by: Tensor) -> Tensor:
        """Returns all rows with others in the places of these; the given ones stay as they are."""
        if self._are_all:
            return by
        changed = rows.clone()
        if self._are_neighbours:
            changed[self.numbers[0] : self.numbers[-1] + 1] = by
            return changed
        return changed.index_copy_(0, self._index, by)
