"""Combinations by number, with conditions."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.space.axes import Choices, FloatRange, IntRange
from morphogenetic_engine.sweeps.space.combinations import Combinations, all_points
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Value

LETTERS = "abcd"


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Up to four axes of a few values, each of which may depend on earlier ones."""
    axes: dict[str, Choices] = {}
    conditions: dict[str, dict[str, tuple[Value, ...]]] = {}
    for name in LETTERS[: draw(st.integers(0, 4))]:
        parents = draw(st.lists(st.sampled_from(sorted(axes)), unique=True, max_size=2)) if axes else []
        allowed = {
            parent: tuple(draw(st.lists(st.sampled_from(axes[parent].values), min_size=1, unique=True)))
            for parent in parents
        }
        if allowed:
            conditions[name] = allowed
        axes[name] = Choices(tuple(range(draw(st.integers(1, 3)))))
    return Space(axes, {}, conditions)


@given(spaces())
def test_they_are_the_distinct_points_of_the_product_with_inactive_axes_left_out(space: Space) -> None:
    combinations = Combinations(space, {name: axis.grid() for name, axis in space.axes.items()})
    expected = [space.active(values) for values in product(*(axis.grid() for axis in space.axes.values()))]
    distinct = list({tuple(point.items()): point for point in expected}.values())
    numbered = [combinations[number] for number in range(combinations.total)]
    assert sorted(map(repr, numbered)) == sorted(map(repr, distinct))
    assert [combinations.find(point) for point in numbered] == list(range(combinations.total))


def test_without_conditions_the_last_axis_changes_fastest() -> None:
    space = Space({"x": Choices((1, 2)), "y": Choices(("a", "b", "c"))}, {})
    points = all_points(space)
    assert points is not None
    assert [tuple(points[number].values()) for number in range(6)] == list(product((1, 2), "abc"))


def test_a_point_that_is_not_among_them_is_not_found() -> None:
    space = Space({"x": IntRange(1, 9, 2)}, {})
    points = all_points(space)
    assert points is not None and points.find({"x": 4}) is None and points.find({"x": 5}) == 2


def test_a_continuous_axis_has_no_end_of_points() -> None:
    assert all_points(Space({"x": FloatRange(0.0, 1.0)}, {})) is None


def test_more_points_than_a_machine_word_counts() -> None:
    space = Space({name: IntRange(1, 10**6) for name in LETTERS}, {})
    points = all_points(space)
    assert points is not None and points.total == 10**24
    assert points[10**24 - 1] == {name: 10**6 for name in LETTERS}
    with pytest.raises(IndexError, match="there are 1000000000000000000000000 combinations"):
        points[10**24]  # pylint: disable=pointless-statement
