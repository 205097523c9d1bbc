"""Every combination of the axes' values, by number; none is held in memory.

An axis is left out of the combinations in which its condition does not hold, so that there are no duplicates, and a
combination that breaks a constraint is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache

from morphogenetic_engine.sweeps.space.parameter_axes import AxisValues, Choices
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params, Value

MOST_CHECKED = 200_000
"""The most combinations of constrained parameters that are checked to count those that keep the constraints."""


QUICKLY_CHECKED = 20_000
"""As many take a tenth of a second, which every reading of a configuration can afford."""


def all_points(space: Space, most: int = MOST_CHECKED) -> Combinations | None:
    """Returns every point of a finite space; None: an axis is continuous, or too many to check constraints."""
    values: dict[str, Sequence[Value]] = {}
    for name, axis in space.axes.items():
        if axis.size is None:
            return None
        values[name] = axis.values if isinstance(axis, Choices) else AxisValues(axis, axis.size)
    points = Combinations(space, values)
    return points if points.checked <= most else None


class Combinations:
    """The combinations of some values of each axis; the last axis changes fastest."""

    def __init__(self, space: Space, values: Mapping[str, Sequence[Value]]) -> None:
        self._space = space
        self._values = values
        self._names = tuple(space.axes)
        self._due = [[each for each in space.constraints if self._is_due(each.names, place)] for place in self._places]
        """The constraints that each axis decides, together with those before it."""
        self._needed = [self._names_needed(place) for place in self._places] + [frozenset[str]()]
        """The axes before each one whose values decide what is left to choose."""
        self._deciding = frozenset[str]().union(*self._needed, *(each.names for due in self._due for each in due))
        # What is left to choose depends on the values of a few axes alone.
        self._below = cache(self._count_below)

    @property
    def total(self) -> int:
        """Their number, which may be beyond what len() can say."""
        always = [each for each in self._space.constraints if not each.names & self._space.axes.keys()]
        return self._below(0, ()) if all(each.allows(self._space.fixed) for each in always) else 0

    @property
    def checked(self) -> int:
        """An upper bound of the combinations whose constraints are checked to count them; 0 without constraints."""
        checks = (
            math.prod(_count(self._values[name]) for name in {*self._needed[place], self._names[place]})
            for place in self._places
            if self._names[place] in self._deciding
        )
        return sum(checks) if self._space.constraints else 0

    def __getitem__(self, number: int) -> dict[str, Value]:
        """Returns the searched parameters of a combination."""
        if not 0 <= number < self.total:
            raise IndexError(f"there are {self.total} combinations, but got number={number}")
        point: dict[str, Value] = {}
        for place, name in enumerate(self._names):
            if self._space.is_active(name, point):
                point[name], number = self._choose(place, name, number, point)
        return point

    def find(self, point: Params) -> int | None:
        """Returns the number of a combination, or None when it is not among them."""
        number = 0
        chosen: dict[str, Value] = {}
        for place, name in enumerate(self._names):
            if not self._space.is_active(name, chosen):
                continue
            try:
                index = self._values[name].index(point[name])
            except ValueError:
                return None
            if name in self._deciding:
                number += sum(self._size(place, {**chosen, name: value}) for value in self._values[name][:index])
            else:
                number += index * self._size(place, {**chosen, name: point[name]})
            chosen[name] = point[name]
        return number if self._space.allows(chosen) else None

    @property
    def _places(self) -> range:
        return range(len(self._names))

    def _is_due(self, names: frozenset[str], place: int) -> bool:
        return self._names[place] in names and names.isdisjoint(self._names[place + 1 :])

    def _names_needed(self, place: int) -> frozenset[str]:
        """Returns the axes before a place on which conditions and constraints from there on depend."""
        conditions = (self._space.conditions.get(name, {}) for name in self._names[place:])
        needed = frozenset[str]().union(*conditions, *(each.names for due in self._due[place:] for each in due))
        return needed & frozenset(self._names[:place])

    def _choose(self, place: int, name: str, number: int, point: Params) -> tuple[Value, int]:
        """Returns the value of an axis in the combination `number` of those that begin with `point`."""
        values = self._values[name]
        if name not in self._deciding:
            index, number = divmod(number, self._size(place, {**point, name: values[0]}))
            return values[index], number
        for value in values:
            size = self._size(place, {**point, name: value})
            if number < size:
                return value, number
            number -= size
        raise AssertionError("the sizes of an axis's branches add up to the combinations below it")

    def _size(self, place: int, point: Params) -> int:
        """Returns the number of combinations that begin with the values of the axes up to a place."""
        if self._due[place] and not all(each.allows({**self._space.fixed, **point}) for each in self._due[place]):
            return 0
        needed = self._needed[place + 1]
        return self._below(place + 1, tuple((name, value) for name, value in point.items() if name in needed))

    def _count_below(self, place: int, context: tuple[tuple[str, Value], ...]) -> int:
        if place == len(self._names):
            return 1
        name, point = self._names[place], dict(context)
        if not self._space.is_active(name, point):
            return self._size(place, point)
        if name not in self._deciding:
            return _count(self._values[name]) * self._size(place, point)
        return sum(self._size(place, {**point, name: value}) for value in self._values[name])


def _count(values: Sequence[Value]) -> int:
    return values.size if isinstance(values, AxisValues) else len(values)
