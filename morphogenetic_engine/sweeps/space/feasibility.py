"""Points that keep the constraints of a space: how many there are, and how to find one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.space.combinations import all_points
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params, Value

MOST_DRAWS = 10_000
"""The number of successive points that may break a constraint before there is an error."""
_SHARE_DRAWS = 4000
_NEAR = 16
"""The number of points that are drawn to find a near one."""
_HALVINGS = 20


@dataclass(frozen=True)
class Share:
    """The part of a space that keeps its constraints."""

    share: float
    exact: bool
    """True if every point was checked, otherwise random points were."""


def feasible_share(space: Space) -> Share:
    """Returns the part of a space that keeps its constraints."""
    every, kept = all_points(replace(space, constraints=())), all_points(space)
    if every is not None and kept is not None:
        return Share(kept.total / every.total, exact=True)
    generator = Random(0)
    drawn = (space.allows(random_point(space, generator)) for _ in range(_SHARE_DRAWS))
    return Share(sum(drawn) / _SHARE_DRAWS, exact=False)


def check_feasible(space: Space) -> None:
    """Checks that a point keeps the constraints.

    Raises:
        ValueError: none was found; the message says how often each constraint alone is kept.
    """
    if not space.constraints:
        return
    try:
        feasible_point(space, Random(0))
    except ConfigError as error:
        raise ValueError(str(error)) from error


def feasible_point(space: Space, generator: Random) -> dict[str, Value]:
    """Draws a point that keeps the constraints.

    Raises:
        ConfigError: there is none, or too few to find one.
    """
    found = next(_drawn(space, generator), None)
    return found if found is not None else listed_point(space, generator)


def listed_point(space: Space, generator: Random) -> dict[str, Value]:
    """Draws one of the points of a finite space that keep the constraints, however few there are.

    Raises:
        ConfigError: there is none, or there are too many to count them.
    """
    points = all_points(space)
    if points is None:
        raise ConfigError(f"constraints: none of {MOST_DRAWS} random points keeps them{_alone(space)}")
    total = points.total
    if not total:
        raise ConfigError(f"constraints: no point of the space keeps them{_alone(space)}")
    return points[generator.randrange(total)]


def repaired(space: Space, point: Params, generator: Random) -> dict[str, Value]:
    """Returns a point near another one that breaks a constraint: on the way to the nearest of a few that keep them.

    Raises:
        ConfigError: no point that keeps the constraints was found.
    """
    start = _units(space, point)
    found = list(islice(_drawn(space, generator), _NEAR)) or [listed_point(space, generator)]
    end = min((_units(space, each) for each in found), key=lambda units: _distance(space, start, units))
    nearest = next(each for each in found if _units(space, each) == end)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        between = _at(space, start, end, middle)
        if space.allows(between):
            high, nearest = middle, between
        else:
            low = middle
    return nearest


def random_point(space: Space, generator: Random) -> dict[str, Value]:
    """Draws a point of a space, whether it keeps the constraints or not."""
    return space.active([axis.from_unit(generator.random()) for axis in space.axes.values()])


def _drawn(space: Space, generator: Random) -> Iterator[dict[str, Value]]:
    """Yields random points that keep the constraints, until so many that do not come in sequence."""
    failed = 0
    while failed < MOST_DRAWS:
        point = random_point(space, generator)
        failed += 1
        if space.allows(point):
            failed = 0
            yield point


def _alone(space: Space) -> str:
    """Returns how often each constraint alone is kept, for a message."""
    generator = Random(0)
    points = [{**space.fixed, **random_point(space, generator)} for _ in range(_SHARE_DRAWS)]
    shares = [(each.text, sum(map(each.allows, points)) / len(points)) for each in space.constraints]
    return "; " + ", ".join(f"`{text}` alone is kept by {share:.1%}" for text, share in shares)


def _units(space: Space, point: Params) -> list[float | None]:
    """Returns the unit number of each axis; None: the point does not have it."""
    return [axis.to_unit(point[name]) if name in point else None for name, axis in space.axes.items()]


def _distance(space: Space, one: list[float | None], other: list[float | None]) -> float:
    pairs = zip(space.axes.values(), one, other, strict=True)
    return sum(_gap(axis, here, there) ** 2 for axis, here, there in pairs)


def _gap(axis: Parameter, here: float | None, there: float | None) -> float:
    if here is None or there is None:
        return 0.0 if here is there else 1.0
    return float(here != there) if isinstance(axis, Choices) else here - there


def _at(space: Space, start: list[float | None], end: list[float | None], share: float) -> dict[str, Value]:
    """Returns the point at a share of the way; choices change in its middle."""
    values: list[Value] = []
    for axis, here, there in zip(space.axes.values(), start, end, strict=True):
        first = here if here is not None else there if there is not None else 0.5
        last = there if there is not None else first
        if isinstance(axis, Choices):
            values.append(axis.from_unit(last if share >= 0.5 else first))
        else:
            values.append(axis.from_unit(first + share * (last - first)))
    return space.active(values)
