"""The tasks that strategies are judged on: recorded trainings; the nearest one answers a suggestion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.trial import Params, Value

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """A range of numbers."""

    low: float
    high: float
    log: bool = False

    @property
    def written(self) -> dict[str, object]:
        """The range as a sweep file has it."""
        return {"type": "float", "low": self.low, "high": self.high, "log": self.log}

    def unit(self, value: Value) -> float:
        """Returns where a value lies between 0 (low) and 1 (high)."""
        if self.log:
            return math.log(float(value) / self.low) / math.log(self.high / self.low)
        return (float(value) - self.low) / (self.high - self.low)


Axis = Range | tuple[str, ...]
"""The values of a parameter: a range, or one of several texts."""


@dataclass(frozen=True)
class Task:
    """A table of trainings, and the space that it samples."""

    suite: str
    name: str
    axes: Mapping[str, Axis]
    points: Sequence[Params]
    """The recorded configurations."""
    losses: Matrix
    """(configurations, steps): the loss after each step of training, finite; less is better."""

    @property
    def steps(self) -> int:
        """The steps of a full training."""
        return int(self.losses.shape[1])

    @cached_property
    def places(self) -> Matrix:
        """(configurations, coordinates): where the points lie; texts have a coordinate for each choice."""
        return np.array([self.place(point) for point in self.points])

    def place(self, point: Params) -> list[float]:
        """Returns the coordinates of a point, whose squared distances are 1 for opposite ends and different texts."""
        return [each for name, axis in self.axes.items() for each in _coordinates(axis, point[name])]

    @cached_property
    def optimum(self) -> float:
        """The least loss in the table."""
        return float(self.losses.min())

    @cached_property
    def median(self) -> float:
        """The median of what the configurations reach at their best step."""
        return float(np.median(self.losses.min(axis=1)))

    def regret(self, loss: float) -> float:
        """Returns the loss above the optimum, in units of what the median configuration is above it."""
        return (loss - self.optimum) / (self.median - self.optimum)


class Taken:
    """Hands out recorded configurations, each once: the free one nearest to a suggestion takes its place."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._free = np.ones(len(task.points), dtype=bool)

    def nearest(self, suggestion: Params) -> int:
        """Returns the index of the free configuration nearest to a suggestion, and takes it."""
        distances = np.square(self._task.places - np.array(self._task.place(suggestion))).sum(axis=1)
        index = int(np.argmin(np.where(self._free, distances, np.inf)))
        self._free[index] = False
        return index


def _coordinates(axis: Axis, value: Value) -> list[float]:
    if isinstance(axis, Range):
        return [axis.unit(value)]
    return [math.sqrt(0.5) * (value == choice) for choice in axis]
