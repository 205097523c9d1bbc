"""Combinations by number, with conditions."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.space.combinations import Combinations, all_points
from morphogenetic_engine.sweeps.space.constraints import constraints_of
from morphogenetic_engine.sweeps.space.operations import Kind
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange
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


@st.composite
def constrained(draw: st.DrawFn) -> Space:
    """A space with constraints between its axes."""
    space = draw(spaces())
    names, signs = st.sampled_from(sorted(space.axes) or ["1"]), st.sampled_from(["<", "<=", "!=", "=="])
    texts = [
        f"{draw(names)} * {draw(names)} {draw(signs)} {draw(st.integers(0, 4))}" for _ in range(draw(st.integers(0, 3)))
    ]
    return replace(space, constraints=constraints_of(texts, {name: Kind.NUMBER for name in space.axes}, {}))


@given(constrained())
def test_combinations_are_those_of_the_axes_that_keep_the_constraints_in_the_same_order(space: Space) -> None:
    free, kept = all_points(replace(space, constraints=())), all_points(space)
    assert free is not None and kept is not None
    expected = [free[number] for number in range(free.total) if space.allows(free[number])]
    assert [kept[number] for number in range(kept.total)] == expected
    assert [kept.find(point) for point in expected] == list(range(len(expected)))
    assert all(kept.find(free[number]) is None for number in range(free.total) if not space.allows(free[number]))


def test_combinations_beyond_counting_are_told_without_a_walk() -> None:
    axes = {name: IntRange(1, 10**9) for name in ("a", "b", "c")}
    constraints = constraints_of(["a * b < 100"], {name: Kind.NUMBER for name in axes}, {})
    assert all_points(Space(axes, {}, {}, constraints)) is None
    apart = constraints_of(["c < 1000"], {name: Kind.NUMBER for name in axes}, {})
    small = {**axes, "c": IntRange(1, 2000)}
    points = all_points(Space(small, {}, {}, apart))
    assert points is not None and points.total == 10**18 * 999
