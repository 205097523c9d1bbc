"""Designs known ahead: grid, random, Latin hypercube and Sobol points of the search space.

A design gives the point of a trial from the trial's number alone, has an exact number of points, and no point twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from morphogenetic_engine.sweeps.config import SweepConfig, SweepType
from morphogenetic_engine.sweeps.seeds import derived_seed
from morphogenetic_engine.sweeps.space import Space
from morphogenetic_engine.trial import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REDRAWS = 100
"""How often a point that was there already is drawn anew before the nearest free point is taken."""


class Design(Protocol):
    """Points by number."""

    def __len__(self) -> int:
        """The number of trials."""

    def params(self, number: int) -> dict[str, Value]:
        """The parameters of a trial, fixed and searched together."""


def design_of(config: SweepConfig) -> Design:
    """Return the design that a configuration asks for."""
    trials, seed = config.optimization.n_trials, config.optimization.seed
    if config.sweep_type is SweepType.GRID:
        return Grid(config.space, trials)
    assert trials is not None, "the schema requires n_trials of every design that samples"
    return SampledDesign(config.space, trials, seed, _UNIT_POINTS[config.sweep_type])


class Grid:
    """Every combination of the axes' values; the last axis changes fastest. No point is held in memory."""

    def __init__(self, space: Space, trials: int | None = None) -> None:
        self._space = space
        self.axes = {name: axis.grid() for name, axis in space.axes.items()}
        self.points = math.prod(len(values) for values in self.axes.values())
        self._length = self.points if trials is None else min(trials, self.points)

    def __len__(self) -> int:
        return self._length

    def params(self, number: int) -> dict[str, Value]:
        if not 0 <= number < self._length:
            raise IndexError(f"the grid has {self._length} points, but got number={number}")
        values: list[Value] = []
        for axis in reversed(self.axes.values()):
            number, index = divmod(number, len(axis))
            values.append(axis[index])
        return self._space.params(values[::-1])


UnitPoints = Callable[[int, int, int], Iterator["NDArray[np.float64]"]]
"""(dimensions, points, seed) -> points of the unit cube."""


class SampledDesign:
    """Points of the unit cube carried over to the space; a point that was there already gives way to a free one."""

    def __init__(self, space: Space, trials: int, seed: int, unit_points: UnitPoints) -> None:
        self._space = space
        self._trials = trials
        self._units = unit_points(max(1, len(space.axes)), trials, derived_seed(seed, "design"))
        self._spare = np.random.default_rng(derived_seed(seed, "redraw"))
        self._drawn: list[tuple[Value, ...]] = []
        self._seen: set[tuple[Value, ...]] = set()

    def __len__(self) -> int:
        return self._trials

    def params(self, number: int) -> dict[str, Value]:
        if not 0 <= number < self._trials:
            raise IndexError(f"the design has {self._trials} points, but got number={number}")
        while len(self._drawn) <= number:
            values = self._free(self._values(next(self._units)))
            self._drawn.append(values)
            self._seen.add(values)
        return self._space.params(self._drawn[number])

    def _values(self, unit: NDArray[np.float64]) -> tuple[Value, ...]:
        axes = self._space.axes.values()
        return tuple(axis.from_unit(float(number)) for axis, number in zip(axes, unit, strict=False))

    def _free(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        redraws = 0
        while values in self._seen:
            if redraws == _REDRAWS:
                return self._next_free()
            values = self._values(self._spare.random(max(1, len(values))))
            redraws += 1
        return values

    def _next_free(self) -> tuple[Value, ...]:
        """Walk on from a random point of a finite space that is nearly full."""
        size = self._space.size
        assert size is not None and size >= self._trials, "only a finite space fills up, and the schema bounds n_trials"
        start = int(self._spare.integers(size))
        walk = (self._point((start + step) % size) for step in range(size))
        return next(values for values in walk if values not in self._seen)

    def _point(self, index: int) -> tuple[Value, ...]:
        values: list[Value] = []
        for axis in self._space.axes.values():
            assert axis.size is not None
            index, place = divmod(index, axis.size)
            values.append(axis.at(place))
        return tuple(values)


def _random(dimensions: int, _points: int, seed: int) -> Iterator[NDArray[np.float64]]:
    generator = np.random.default_rng(seed)
    while True:
        yield generator.random(dimensions)


def _latin_hypercube(dimensions: int, points: int, seed: int) -> Iterator[NDArray[np.float64]]:
    from scipy.stats import qmc  # pylint: disable=import-outside-toplevel  # half a second that a grid need not pay

    yield from qmc.LatinHypercube(dimensions, rng=seed).random(points)


def _sobol(dimensions: int, _points: int, seed: int) -> Iterator[NDArray[np.float64]]:
    from scipy.stats import qmc  # pylint: disable=import-outside-toplevel

    sequence = qmc.Sobol(dimensions, rng=seed)
    yield from sequence.random_base2(6)
    block = 6
    while True:
        # Doubling keeps the sequence balanced, and makes point n the same however many points are asked for.
        yield from sequence.random_base2(block)
        block += 1


_UNIT_POINTS: Mapping[SweepType, UnitPoints] = {
    SweepType.RANDOM: _random,
    SweepType.LATIN_HYPERCUBE: _latin_hypercube,
    SweepType.SOBOL: _sobol,
}
