"""Trains some batches of a run in a stack and alone, and compares every bit.

Kernels differ between machines, and may choose another order of additions for another shape. A width is stacked only
after this comparison; otherwise its runs train alone. On a GPU the number of runs in a stack chooses the kernel too, so
each number is compared by itself there.
"""

from __future__ import annotations

import copy
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from morphogenetic_engine.engine.data.dataset import Dataset, Samples
from morphogenetic_engine.engine.fused.agreements import Agreements
from morphogenetic_engine.engine.fused.growing import GrowingStack
from morphogenetic_engine.engine.fused.stack_kinds import Kind, Stage
from morphogenetic_engine.engine.fused.warm_up import WarmUpStack
from morphogenetic_engine.engine.run import Run

_log = logging.getLogger(__name__)

_COPIES = 3
_WHOLE_BATCHES = 4
_TIMED_BATCHES = 8
_TIMES = 2
"""The first epoch of a process takes longer, and any may be interrupted."""
_NEVER = 2.0
"""The largest drift that there can be."""


class SelfCheck:
    """The comparisons that a batch needs: each is made once, and its outcome kept."""

    def __init__(self, agreements: Agreements | None = None) -> None:
        """`agreements` are the outcomes of earlier comparisons; None: there are none."""
        self._agreements = agreements or Agreements()
        self._told: dict[tuple[Kind, int, int], bool] = {}

    def agrees(self, kind: Kind, run: Run, count: int = _COPIES) -> bool:
        """Returns whether a run of this kind has the same bits in a stack as alone; its weights are its own now.

        `count` is the number of runs of the stack.
        """
        width = run.settings.hidden_dim
        copies = _COPIES if kind.device == "cpu" else count
        key = kind, width, copies
        if key not in self._told:
            shape = f"{dict(kind._asdict())} of {width} x {copies}"
            agrees = self._agreements.outcome(shape)
            if agrees is None:
                agrees = _agrees(kind, run, copies)
                self._agreements.keep(shape, agrees=agrees)
            if not agrees:
                _log.warning(
                    "width %d, %s: not trained together, its bits would differ on this machine", width, kind.stage
                )
            self._told[key] = agrees
        return self._told[key]


def stack_of(kind: Kind, runs: Sequence[Run]) -> WarmUpStack | GrowingStack:
    """Returns the stack of runs of one kind."""
    if kind.stage is Stage.WARM_UP:
        return WarmUpStack(sorted(runs, key=_place), kind.width)
    return GrowingStack(runs, kind.width)


def _place(run: Run) -> tuple[int, int]:
    """Returns the order of the runs in a stack of trunks."""
    return -run.settings.num_layers, run.settings.hidden_dim


def seconds_alone(run: Run) -> float:
    """Returns the seconds that the next epoch of a run takes alone; its weights are its own now.

    Copies train it, of long epochs a part with as large a part of the validation; the fastest one counts.
    """
    data, size = run.data, run.settings.batch_size
    part = min(1.0, _TIMED_BATCHES * size / len(data.train))
    less = replace(data, train=_first(data.train, part), validation=_first(data.validation, part))
    return min(_epoch_seconds(_copy(run, less)) for _ in range(_TIMES)) / part


def _epoch_seconds(copied: Run) -> float:
    copied.controller.patience = sys.maxsize  # no seed germinates, which takes as long in a stack
    begun = time.perf_counter()
    copied.next_epoch()
    return time.perf_counter() - begun


def _first(samples: Samples, part: float) -> Samples:
    """Returns the first part of a split."""
    count = max(1, round(part * len(samples)))
    return Samples(samples.x_NF[:count], samples.y_N[:count])


def _agrees(kind: Kind, like: Run, copies: int) -> bool:
    data = _less(like.data, like.settings.batch_size)
    alone, *together = [_copy(like, data) for _ in range(copies + 1)]
    alone.next_epoch()
    stack = stack_of(kind, together)
    stack.next_epoch()
    stack.write_back(together)
    return all(same_bits(alone, each) for each in together)


def _copy(run: Run, data: Dataset) -> Run:
    """Returns a run in the same state with other data, which shares nothing with it and does not warn."""
    copied = Run(replace(run.settings, drift_warn=_NEVER), run.seed, data)
    if run.reading is not None:
        copied.restore(copy.deepcopy(run.state(0.0)))
    return copied


def _less(data: Dataset, batch_size: int) -> Dataset:
    """Returns the data with few whole batches, and the last one, of another size, if there is one."""
    count = len(data.train)
    left = min(count, _WHOLE_BATCHES * batch_size + count % batch_size)
    return replace(data, train=Samples(data.train.x_NF[:left], data.train.y_N[:left]))


def same_bits(one: Run, other: Run) -> bool:
    """Returns whether two runs have the same weights, optimisers, seeds and measurements."""
    return one.reading == other.reading and _equal(
        [one.network.state_dict(), one.optimiser.state_dict(), one.growth.state()],
        [other.network.state_dict(), other.optimiser.state_dict(), other.growth.state()],
    )


def _equal(one: object, other: object) -> bool:
    """Compares values, and tensors by their numbers."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return one == other
