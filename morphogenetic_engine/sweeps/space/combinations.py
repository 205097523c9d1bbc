"""Every combination of the axes' values, by number; none is held in memory.

An axis is left out of the combinations in which its condition does not hold, so that there are no duplicates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from morphogenetic_engine.sweeps.space.axes import AxisValues, Choices
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params, Value


def all_points(space: Space) -> Combinations | None:
    """Returns every point of a finite space; None where an axis is continuous."""
    values: dict[str, Sequence[Value]] = {}
    for name, axis in space.axes.items():
        if axis.size is None:
            return None
        values[name] = axis.values if isinstance(axis, Choices) else AxisValues(axis, axis.size)
    return Combinations(space, values)


class Combinations:
    """The combinations of some values of each axis; the last axis changes fastest."""

    def __init__(self, space: Space, values: Mapping[str, Sequence[Value]]) -> None:
        self._space = space
        self._values = values
        self._names = tuple(space.axes)
        self._parents = frozenset(parent for conditions in space.conditions.values() for parent in conditions)
        # What is left to choose depends on the parents' values alone, which are few.
        self._below = cache(self._count_below)

    @property
    def total(self) -> int:
        """Their number, which may be beyond what len() can say."""
        return self._below(0, ())

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
            if name in self._parents:
                number += sum(self._size(place, name, value, chosen) for value in self._values[name][:index])
            else:
                number += index * self._size(place, name, point[name], chosen)
            chosen[name] = point[name]
        return number

    def _choose(self, place: int, name: str, number: int, point: Params) -> tuple[Value, int]:
        """Returns the value of an axis in the combination `number` of those that begin with `point`."""
        values = self._values[name]
        if name not in self._parents:
            index, number = divmod(number, self._size(place, name, values[0], point))
            return values[index], number
        for value in values:
            size = self._size(place, name, value, point)
            if number < size:
                return value, number
            number -= size
        raise AssertionError("the sizes of an axis's branches add up to the combinations below it")

    def _size(self, place: int, name: str, value: Value, point: Params) -> int:
        return self._below(place + 1, self._context({**point, name: value}))

    def _context(self, point: Params) -> tuple[tuple[str, Value], ...]:
        return tuple((name, value) for name, value in point.items() if name in self._parents)

    def _count_below(self, place: int, context: tuple[tuple[str, Value], ...]) -> int:
        if place == len(self._names):
            return 1
        name = self._names[place]
        if not self._space.is_active(name, dict(context)):
            return self._below(place + 1, context)
        if name not in self._parents:
            return _count(self._values[name]) * self._below(place + 1, context)
        return sum(self._below(place + 1, (*context, (name, value))) for value in self._values[name])


def _count(values: Sequence[Value]) -> int:
    return values.size if isinstance(values, AxisValues) else len(values)
