"""Estimates the seconds that runs save by training together.

Now and then an epoch is trained alone, by a copy, and timed. A run has saved the seconds that its epochs would have
taken so, less its shares of the time that it was trained with others.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary

from morphogenetic_engine.engine.fused.stack_kinds import EpochShape
from morphogenetic_engine.engine.run import Run

_SHARE = 0.01
"""The part of the time that may be spent on epochs alone."""
_AT_ONCE = 0.03
"""Seconds that may be spent on them before that part is so long."""
_MOST_SAMPLES = 2


class Shape(Hashable, Protocol):
    """What decides how long an epoch takes alone."""

    def takes_at_least(self, other: Shape, /) -> bool:
        """Returns True if an epoch of this shape does all that one of the other shape does."""


_RunT = TypeVar("_RunT")
_ShapeT = TypeVar("_ShapeT", bound=Shape)


@dataclass
class _Trained:
    """The epochs of one shape that a run was trained with others, and its shares of their seconds."""

    epochs: int = 0
    seconds: float = 0.0


class TimeSaved(Generic[_RunT, _ShapeT]):
    """The epochs of all runs, and the samples of epochs alone, by shape."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """`clock` returns seconds."""
        self.clock = clock
        self._spent = self._together = 0.0
        self._samples: dict[_ShapeT, list[float]] = {}
        self._alone: dict[_ShapeT, float | None] = {}
        """The estimates by these samples."""
        self._trained: WeakKeyDictionary[_RunT, dict[_ShapeT, _Trained]] = WeakKeyDictionary()

    def sample(self, runs: Sequence[tuple[_RunT, _ShapeT]], time_alone: Callable[[_RunT], float]) -> None:
        """Times an epoch of the run of which least is known, if little was spent on such epochs so far.

        `time_alone` returns the seconds that the next epoch of a run takes alone, and leaves the run as it is.
        """
        left = [each for each in runs if len(self._samples.get(each[1], ())) < _MOST_SAMPLES]
        if not left or self._spent > _AT_ONCE + _SHARE * self._together:
            return
        begun = self.clock()
        run, shape = min(left, key=lambda each: self._known(each[1]))
        self._samples.setdefault(shape, []).append(time_alone(run))
        self._spent += self.clock() - begun
        self._alone.clear()

    def add(self, runs: Sequence[tuple[_RunT, _ShapeT]], seconds: float) -> None:
        """Adds an epoch that these runs were trained together."""
        self._together += seconds
        for run, shape in runs:
            trained = self._trained.setdefault(run, {}).setdefault(shape, _Trained())
            trained.epochs += 1
            trained.seconds += seconds / len(runs)

    def of(self, run: _RunT) -> float | None:
        """Returns the seconds that a run has saved so far, less than 0 if it lost some; None: nothing was measured.

        Epochs about which no sample says anything count as if they had saved nothing.
        """
        saved = [
            trained.epochs * alone - trained.seconds
            for shape, trained in self._trained.get(run, {}).items()
            if (alone := self._seconds_alone(shape)) is not None
        ]
        return sum(saved) if saved else None

    def _known(self, shape: _ShapeT) -> tuple[int, bool]:
        """Returns the number of samples of a shape, and whether those of others say something about it."""
        return len(self._samples.get(shape, ())), self._seconds_alone(shape) is not None

    def _seconds_alone(self, shape: _ShapeT) -> float | None:
        """Returns the seconds of an epoch alone, at least: those of the longest one that does no more, if need be."""
        if shape not in self._alone:
            samples = {shape: self._samples[shape]} if shape in self._samples else self._samples
            medians = [statistics.median(each) for known, each in samples.items() if shape.takes_at_least(known)]
            self._alone[shape] = max(medians, default=None)
        return self._alone[shape]


@cache
def of_this_process() -> TimeSaved[Run, EpochShape]:
    """Returns the samples that this process has made: the batches of a worker share them."""
    return TimeSaved()
