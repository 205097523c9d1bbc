"""Designs fixed in advance: grid, random, Latin hypercube and Sobol points of the search space.

A design computes the point of a trial from the trial's number alone, and has a fixed number of distinct points.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import KatibAlgorithm, StrategyKind
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.search_names import STRATEGIES
from morphogenetic_engine.sweeps.space.combinations import MOST_CHECKED, Combinations, all_points
from morphogenetic_engine.sweeps.space.feasibility import MOST_DRAWS, listed_point
from morphogenetic_engine.sweeps.space.parameter_axes import Choices
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.sweeps.space.seeds import derived_seed
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER, Earlier, RunsToTheEnd, Strategy
from morphogenetic_engine.trial import Params, Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REDRAWS = 100
"""The number of times that a duplicate point is redrawn before the next free point is taken."""


UnitPoints = Callable[[int, int, int], Iterator["NDArray[np.float64]"]]
"""(dimensions, points, seed) -> points of the unit cube."""


def design_of(config: SweepConfig) -> Strategy:
    """Returns the design of a sweep whose points are fixed in advance.

    Raises:
        ConfigError: they follow from results.
    """
    kind = STRATEGIES.load(config.sweep_type, StrategyKind)
    if not kind.known_ahead:
        raise ConfigError(f"sweep_type: the points of a {config.sweep_type} sweep follow from results")
    return kind.make(config, ())


def whole_grid(config: SweepConfig) -> Grid:
    """Returns the grid of every point of a finite space, the baseline first."""
    finest = {
        name: axis if isinstance(axis, Choices) else replace(axis, points=axis.size)
        for name, axis in config.space.axes.items()
    }
    return Grid(replace(config.space, axes=finest), config.optimization.n_trials, baseline=config.baseline)


def grid_of(config: SweepConfig) -> Grid:
    """Returns the grid of a sweep, the baseline first."""
    return Grid(config.space, config.optimization.n_trials, baseline=config.baseline)


class Grid(RunsToTheEnd):
    """Every combination of the axes' values; the last axis changes fastest. No point is held in memory."""

    def __init__(self, space: Space, trials: int | None = None, *, baseline: Params | None = None) -> None:
        self._space = space
        self._points = _grid_points(space)
        self._baseline = baseline
        self._left_out = None if baseline is None else self._points.find(baseline)
        added = int(baseline is not None and self._left_out is None)
        self._length = min(self._points.total + added, sys.maxsize if trials is None else trials)

    @property
    def trials(self) -> int:
        return self._length

    @staticmethod
    def needs(_number: int, /) -> int:
        """Returns 0: a grid depends on no results."""
        return 0

    # pylint: disable-next=unused-argument
    def suggest(self, number: int, earlier: Earlier = NOTHING_EARLIER) -> dict[str, Value]:
        if not 0 <= number < self._length:
            raise IndexError(f"the grid has {self._length} points, but got number={number}")
        return {**self._space.fixed, **self._point(number)}

    def find(self, point: Params) -> int | None:
        """Returns the number of the trial that has these searched parameters, or None when the grid has none."""
        number = self._points.find(point)
        if self._baseline is not None:
            if point == self._baseline:
                return 0
            if number is not None and (self._left_out is None or number < self._left_out):
                number += 1
        return number if number is not None and number < self._length else None

    def _point(self, number: int) -> Params:
        if self._baseline is None:
            return self._points[number]
        if number == 0:
            return self._baseline
        passed = self._left_out is not None and number > self._left_out
        return self._points[number if passed else number - 1]


def _grid_points(space: Space) -> Combinations:
    """Returns the points of a grid.

    Raises:
        ConfigError: none keeps the constraints, or there are too many to check.
    """
    points = Combinations(space, {name: axis.grid() for name, axis in space.axes.items()})
    if points.checked > MOST_CHECKED:
        raise ConfigError(
            f"constraints: a grid checks {points.checked} combinations of the constrained parameters, but at most"
            f" {MOST_CHECKED} are possible; give them fewer points, or use random"
        )
    if not points.total:
        raise ConfigError("constraints: no point of the grid keeps them; give the ranges more points, or use random")
    return points


class SampledDesign(RunsToTheEnd):
    """Points of the unit cube mapped to the space.

    A point that breaks a constraint is passed over; a duplicate point is replaced by a free one.
    """

    def __init__(
        self, space: Space, trials: int, seed: int, unit_points: UnitPoints, *, baseline: Params | None = None
    ) -> None:
        self._space = space
        self._trials = trials
        self._dimensions = max(1, len(space.axes))
        self._drawn: list[Params] = [] if baseline is None else [baseline]
        self._seen = {_key(point) for point in self._drawn}
        self._units = unit_points(self._dimensions, trials - len(self._drawn), derived_seed(seed, "design"))
        self._spare = np.random.default_rng(derived_seed(seed, "redraw"))

    @property
    def trials(self) -> int:
        return self._trials

    @staticmethod
    def needs(_number: int, /) -> int:
        """Returns 0: a design depends on no results."""
        return 0

    # pylint: disable-next=unused-argument
    def suggest(self, number: int, earlier: Earlier = NOTHING_EARLIER) -> dict[str, Value]:
        if not 0 <= number < self._trials:
            raise IndexError(f"the design has {self._trials} points, but got number={number}")
        while len(self._drawn) <= number:
            point = self._free(self._next())
            self._drawn.append(point)
            self._seen.add(_key(point))
        return {**self._space.fixed, **self._drawn[number]}

    def _point(self, unit: NDArray[np.float64]) -> Params:
        axes = self._space.axes.values()
        return self._space.active([axis.from_unit(float(number)) for axis, number in zip(axes, unit, strict=False)])

    def _next(self) -> Params:
        """Returns the next point of the sequence that keeps the constraints."""
        return self._allowed(lambda: next(self._units))

    def _free(self, point: Params) -> Params:
        redraws = 0
        while _key(point) in self._seen:
            if redraws == _REDRAWS:
                return self._next_free()
            point = self._allowed(lambda: self._spare.random(self._dimensions))
            redraws += 1
        return point

    def _allowed(self, draw: Callable[[], NDArray[np.float64]]) -> Params:
        """Draws until a point keeps the constraints; if none does, chooses one of those that a finite space has."""
        for _ in range(MOST_DRAWS):
            point = self._point(draw())
            if self._space.allows(point):
                return point
        return listed_point(self._space, Random(int(self._spare.integers(2**31))))

    def _next_free(self) -> Params:
        """Returns the next free point of a nearly full finite space, starting at a random point."""
        points = all_points(self._space)
        if points is None:
            raise ConfigError(f"constraints: the space has too few points that keep them for {self._trials} trials")
        assert points.total >= self._trials, "only a finite space fills up; the schema bounds n_trials"
        start = int(self._spare.integers(points.total))
        walk = (points[(start + step) % points.total] for step in range(points.total))
        return next(point for point in walk if _key(point) not in self._seen)


def _key(point: Params) -> tuple[tuple[str, Value], ...]:
    return tuple(point.items())


def _random(dimensions: int, _points: int, seed: int) -> Iterator[NDArray[np.float64]]:
    generator = np.random.default_rng(seed)
    while True:
        yield generator.random(dimensions)


def _latin_hypercube(dimensions: int, points: int, seed: int) -> Iterator[NDArray[np.float64]]:
    from scipy.stats import qmc  # pylint: disable=import-outside-toplevel  # half a second; a grid does not need it

    sampler = qmc.LatinHypercube(dimensions, rng=seed)
    while True:  # further designs replace the points that constraints leave out
        yield from sampler.random(points)


def sobol_points(dimensions: int, _points: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yields the points of a scrambled Sobol sequence."""
    from scipy.stats import qmc  # pylint: disable=import-outside-toplevel

    sequence = qmc.Sobol(dimensions, rng=seed)
    yield from sequence.random_base2(6)
    block = 6
    while True:
        # Doubling keeps the sequence balanced, and makes point n the same however many points are asked for.
        yield from sequence.random_base2(block)
        block += 1


@dataclass(frozen=True, kw_only=True)
class _GridKind(StrategyKind):
    """Every combination of the axes' values."""

    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> Grid:
        return grid_of(config)

    def trials(self, config: SweepConfig) -> int:
        return grid_of(config).trials


@dataclass(frozen=True, kw_only=True)
class _SampledKind(StrategyKind):
    """Points of a sequence in the unit cube."""

    unit_points: UnitPoints

    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> SampledDesign:
        return sampled_design(config, self.trials(config), self.unit_points)


def sampled_design(config: SweepConfig, trials: int, unit_points: UnitPoints) -> SampledDesign:
    """Returns the first points of a sequence, the baseline before them."""
    return SampledDesign(config.space, trials, config.optimization.seed, unit_points, baseline=config.baseline)


_DRAWN_TWICE = "points may come twice"
GRID = _GridKind(counts_itself=True, known_ahead=True, katib=KatibAlgorithm("grid", seeded=False))
RANDOM = _SampledKind(
    unit_points=_random,
    known_ahead=True,
    distinct=True,
    katib=KatibAlgorithm("random", notes=(_DRAWN_TWICE,)),
)
LATIN_HYPERCUBE = _SampledKind(unit_points=_latin_hypercube, known_ahead=True, distinct=True, sized=True)
SOBOL = _SampledKind(
    unit_points=sobol_points, known_ahead=True, distinct=True, katib=KatibAlgorithm("sobol", seeded=False)
)
