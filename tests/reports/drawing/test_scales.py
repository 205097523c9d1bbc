"""Scales map every value between the ends of the axis, and ticks to the places of their labels."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.reports.drawing.scales import CategoryScale, LinearScale, LogScale, fitted, from_zero

_VALUES = st.lists(st.floats(-1e12, 1e12, allow_subnormal=False), min_size=1, max_size=20)
_POSITIVE = st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=20)


def number_of(label: str) -> float:
    return float(label.replace(",", ""))


@given(_VALUES)
def test_a_fitted_scale_holds_all_values_in_their_order(values: list[float]) -> None:
    places = [fitted(values).unit(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)


@given(_POSITIVE)
def test_a_fitted_log_scale_holds_all_values_in_their_order(values: list[float]) -> None:
    scale = fitted(values, log=True)
    places = [scale.unit(value) for value in sorted(values)]
    assert isinstance(scale, LogScale)
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)


@given(_VALUES, st.integers(2, 12))
def test_linear_ticks_are_inside_and_never_more_than_asked_for_by_much(values: list[float], most: int) -> None:
    ticks = fitted(values).ticks(most)
    assert all(-1e-6 <= tick.place <= 1 + 1e-6 for tick in ticks)
    assert len(ticks) <= most + 1


@given(_POSITIVE, st.integers(2, 12))
def test_log_ticks_stand_where_their_labels_say(values: list[float], most: int) -> None:
    scale = fitted(values, log=True)
    for tick in scale.ticks(most):
        assert tick.place == pytest.approx(scale.unit(number_of(tick.label)), abs=0.05)


def test_log_ticks_of_a_wide_range_are_powers_of_ten() -> None:
    assert [tick.label for tick in LogScale(1e-5, 1).ticks(8)] == ["1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]


def test_log_ticks_of_a_narrow_range_are_round_numbers() -> None:
    assert [tick.label for tick in LogScale(16, 128).ticks(6)] == ["20", "50", "100"]


def test_equal_ratios_are_equally_far_apart_on_a_log_scale() -> None:
    scale = LogScale(1, 10_000)
    assert scale.unit(100) == pytest.approx(0.5)


def test_ticks_of_whole_numbers_are_whole() -> None:
    assert [tick.label for tick in LinearScale(-0.1, 3.1, whole=True).ticks(12)] == ["0", "1", "2", "3"]


def test_a_single_value_stands_in_the_middle() -> None:
    assert fitted([0.93]).unit(0.93) == pytest.approx(0.5)
    assert fitted([0.93], log=True).unit(0.93) == pytest.approx(0.5)


def test_a_log_scale_with_a_zero_is_linear() -> None:
    assert isinstance(fitted([0.0, 1.0], log=True), LinearScale)


def test_no_value_at_all_gives_a_scale_still() -> None:
    assert fitted([]).ticks(5) and from_zero([]).ticks(5)


def test_labels_of_values_that_differ_late_differ() -> None:
    labels = [tick.label for tick in LinearScale(0.99991, 0.99996).ticks(5)]
    assert len(set(labels)) == len(labels) > 2


def test_categories_lie_in_the_middle_of_their_slots() -> None:
    scale = CategoryScale(("a", "b"))
    assert [tick.place for tick in scale.ticks(9)] == [0.25, 0.75]
    assert CategoryScale(("a", "b"), downwards=True).unit(0) == 0.75


def test_many_categories_are_thinned() -> None:
    assert len(CategoryScale(tuple(map(str, range(100)))).ticks(10)) == 10


def test_ticks_are_finite_for_the_widest_float_range() -> None:
    for scale in (fitted([5e-324, 1.7e308], log=True), fitted([-1.7e308, 1.7e308])):
        assert scale.ticks(6)
        assert all(math.isfinite(tick.place) for tick in scale.ticks(6))


@given(st.lists(st.integers(2**53, 2**64), min_size=1, max_size=4), st.integers(2, 12))
def test_whole_numbers_that_no_float_tells_apart_have_a_scale(values: list[int], most: int) -> None:
    scale = fitted(values, whole=True)
    assert all(0 <= scale.unit(value) <= 1 for value in values)
    assert len(scale.ticks(most)) <= most + 1
