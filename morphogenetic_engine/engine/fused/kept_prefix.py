"""The activations below the first seeds of a stack: computed once, as frozen layers give the same in each epoch.

Names of tensors: K runs, N samples, F features, D width of the stack, S seeds in training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from morphogenetic_engine.engine.fused.wave_plan import Prefix, WavePlan

_MOST_NUMBERS = 1 << 24
"""Activations that are kept, 64 MiB; more are computed in each epoch."""


class KeptPrefix:
    """The prefixes of the training samples, in any order."""

    def __init__(self, plan: WavePlan, x_KNF: Tensor, wanted: Sequence[tuple[int, int]], batch_size: int) -> None:
        """`wanted` are the (run, block) whose outputs are needed."""
        parts = [plan.prefix(x_KBF, wanted) for x_KBF in torch.split(x_KNF, batch_size, dim=1)]
        self._batch_size = batch_size
        self._owners = [run for run, _ in wanted]
        self._x_KND = torch.cat([part.x_KND for part in parts], dim=1)
        self._taps = [_joined([part.taps[number] for part in parts]) for number in range(len(wanted))]

    @staticmethod
    def fits(x_KNF: Tensor, width: int, wanted: int) -> bool:
        """Returns whether the activations of these samples are few enough to be kept."""
        return x_KNF.shape[1] * width * (x_KNF.shape[0] + wanted) <= _MOST_NUMBERS

    def batches(self, orders_KN: Tensor) -> Iterator[Prefix]:
        """Yields the prefixes of the batches of an epoch, whose samples each run has in its own order."""
        runs, samples, width = self._x_KND.shape
        starts_K1 = torch.arange(runs, device=orders_KN.device)[:, None] * samples
        rows = (orders_KN + starts_K1).view(-1)
        x_KND = self._x_KND.view(-1, width).index_select(0, rows).view(runs, samples, width)
        taps = [
            None if tap is None else tap.index_select(0, orders_KN[owner])
            for tap, owner in zip(self._taps, self._owners, strict=True)
        ]
        for start in range(0, samples, self._batch_size):
            stop = start + self._batch_size
            yield Prefix(x_KND[:, start:stop], [None if tap is None else tap[start:stop] for tap in taps])


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    present = [part for part in parts if part is not None]
    return torch.cat(present) if present else None
