"""Progressive expansion: a coarse grid, then finer grids around the best regions, round after round.

Each round has as many trials as the first and waits for the one before. A region is the neighbourhood of one of the
best configurations so far: on each range as wide as the spacing of the round before, to both sides. Ranges with `log`
stay logarithmic; choices stay choices, at the best one's value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from random import Random

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.grid_search import Grid
from morphogenetic_engine.sweeps.kinds import StrategyKind
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.halving.ranking import ranked
from morphogenetic_engine.sweeps.space.combinations import Combinations, all_points
from morphogenetic_engine.sweeps.space.feasibility import MOST_DRAWS, feasible_point
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.sweeps.strategy import Earlier, RunsToTheEnd
from morphogenetic_engine.trial import Params, Value

COARSE_POINTS = 3
"""Values that the first round takes from a range that names neither `step` nor `points`."""
_FINEST = 65
"""Values a range at most, however few new points a region has."""


class ProgressiveStrategy(RunsToTheEnd):
    """Grids that close in on the best regions."""

    def __init__(self, config: SweepConfig) -> None:
        optimization = config.optimization
        self._space = coarse(config.space)
        self._objectives, self._limits = optimization.all_objectives[:1], optimization.outcome_constraints
        self._regions = optimization.regions
        self._first = Grid(self._space, baseline=config.baseline)
        self._total = PROGRESSIVE.trials(config)
        self._planned: list[Params] = []
        """The searched parameters of the trials of the later rounds."""

    @property
    def trials(self) -> int:
        return self._total

    def needs(self, number: int, /) -> int:
        """Returns all trials of the rounds before."""
        return number // self._first.trials * self._first.trials

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        size = self._first.trials
        if number < size:
            return self._first.suggest(number)
        while len(self._planned) <= number - size:
            done = size + len(self._planned)
            self._planned += self._round(done // size, earlier.ended[:done])
        return {**self._space.fixed, **self._planned[number - size]}

    def _round(self, round_number: int, ended: Sequence[TrialRecord]) -> list[Params]:
        """Returns the new points of a round: each region in turn gives one, until the round is full."""
        seen = {_key(_searched(trial.params, self._space)) for trial in ended}
        wanted = min(self._first.trials, self._total - len(ended))
        centres = [_searched(trial.params, self._space) for trial in self._best(ended)]
        streams = [region_points(self._space, centre, round_number) for centre in centres]
        fresh = _unseen(_in_turn([*streams, _everywhere(self._space)]), seen)
        found = list(islice(fresh, wanted))
        if len(found) < wanted:
            raise ConfigError(
                f"constraints: too few points keep them for {self._total} trials; set optimization.n_trials"
            )
        return found

    def _best(self, ended: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Returns the centres of the next round: those that keep the outcome constraints first."""
        complete = [trial for trial in ended if trial.state is TrialState.COMPLETE]
        results = {trial.number: trial.metrics for trial in complete}
        by_number = {trial.number: trial for trial in complete}
        return [by_number[number] for number in ranked(results, self._objectives, self._limits)[: self._regions]]


@dataclass(frozen=True, kw_only=True)
class _ProgressiveKind(StrategyKind):
    """Grids that close in on the best regions."""

    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> ProgressiveStrategy:
        return ProgressiveStrategy(config)

    def trials(self, config: SweepConfig) -> int:
        first = Grid(coarse(config.space), baseline=config.baseline).trials
        limits = (first * config.optimization.rounds, config.points, config.optimization.n_trials)
        return min(limit for limit in limits if limit is not None)


PROGRESSIVE = _ProgressiveKind(counts_itself=True)


def coarse(space: Space) -> Space:
    """Returns the space with the first round's number of values on ranges that leave it open."""

    def opened(axis: Parameter) -> Parameter:
        if isinstance(axis, Choices) or axis.points is not None:
            return axis
        stepped = axis.step is not None if isinstance(axis, FloatRange) else axis.step != 1
        return axis if stepped else replace(axis, points=COARSE_POINTS)

    return replace(space, axes={name: opened(axis) for name, axis in space.axes.items()})


def region_points(space: Space, centre: Params, round_number: int) -> Iterator[Params]:
    """Yields the points of ever finer grids around a configuration; the same point may come again."""
    points = COARSE_POINTS
    while points <= _FINEST:
        values = {name: _around(axis, centre, name, round_number, points) for name, axis in space.axes.items()}
        yield from _grid_points(space, values)
        points = 2 * points - 1


def _grid_points(space: Space, values: Mapping[str, Sequence[Value]]) -> Iterator[Params]:
    """Yields the points of a grid that keep the constraints, until too many in sequence do not."""
    grid, broken = Combinations(replace(space, constraints=()), values), 0
    for number in range(grid.total):
        point = grid[number]
        if space.allows(point):
            broken = 0
            yield point
        elif (broken := broken + 1) == MOST_DRAWS:
            return


def _around(axis: Parameter, centre: Params, name: str, round_number: int, points: int) -> Sequence[Value]:
    """Returns the values of an axis in a region: within the spacing of the round before of the centre."""
    if name not in centre:
        return axis.grid()[:1]
    if isinstance(axis, Choices):
        return (centre[name],)
    value = float(centre[name])
    intervals = max(1, len(axis.grid()) - 1)
    # Each round has half the spacing of the one before.
    share = 2.0 ** (1 - round_number) / intervals
    if axis.log:
        ratio = (axis.high / axis.low) ** share
        low, high = value / ratio, value * ratio
    else:
        width = (axis.high - axis.low) * share
        low, high = value - width, value + width
    # Twelve digits, as in grids: the neighbour that was tried before must be met again exactly to be known.
    low, high = float(f"{low:.12g}"), float(f"{high:.12g}")
    return _inside(axis, max(low, axis.low), min(high, axis.high), points)


def _inside(axis: IntRange | FloatRange, low: float, high: float, points: int) -> Sequence[Value]:
    """Returns values of an axis between two numbers, with their ends."""
    if isinstance(axis, FloatRange) and axis.size is None:
        return FloatRange(low, high, log=axis.log, points=points).grid()
    if isinstance(axis, IntRange) and axis.log and axis.step == 1:
        return IntRange(math.ceil(low), max(math.ceil(low), math.floor(high)), log=True, points=points).grid()
    step = axis.step or 1
    first, last = math.ceil((low - axis.low) / step - 1e-9), math.floor((high - axis.low) / step + 1e-9)
    places = IntRange(max(first, 0), max(first, last, 0), points=points).grid()
    return [axis.at(int(place)) for place in places]


def _everywhere(space: Space) -> Iterator[Params]:
    """Yields the points of ever finer grids of the whole space, used when the regions have no new points."""
    whole = all_points(space)
    if whole is not None:
        yield from (whole[number] for number in range(whole.total))
        return
    for points in (2**power + 1 for power in count(1)):
        finer = {n: a if isinstance(a, Choices) else replace(a, points=points) for n, a in space.axes.items()}
        yield from _grid_points(space, {name: axis.grid() for name, axis in finer.items()})
        if space.constraints and points > _FINEST:
            break
    generator = Random(0)
    for _ in range(MOST_DRAWS):
        yield feasible_point(space, generator)


def _in_turn(streams: Sequence[Iterator[Params]]) -> Iterator[Params]:
    """Yields one of each stream in turn; the last stream waits until the others have ended."""
    *regions, rest = streams
    while regions:
        for region in list(regions):
            point = next(region, None)
            if point is None:
                regions.remove(region)
            else:
                yield point
    yield from rest


def _unseen(points: Iterator[Params], seen: set[tuple[tuple[str, Value], ...]]) -> Iterator[Params]:
    for point in points:
        if _key(point) not in seen:
            seen.add(_key(point))
            yield point


def _searched(params: Params, space: Space) -> Params:
    return {name: params[name] for name in space.axes if name in params}


def _key(point: Params) -> tuple[tuple[str, Value], ...]:
    return tuple(point.items())
