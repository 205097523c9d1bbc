"""A parameter as numbers or categories, and its values cut into regions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.reports.columns.columns import Column, parameter_column
from morphogenetic_engine.reports.columns.regions import ABSENT, split
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, Parameter
from morphogenetic_engine.trial import Value
from tests.reports.sweeps import trial


def numbers(*values: float) -> Column:
    return Column("x", np.array(values, dtype=np.float64))


def test_few_values_are_a_region_each() -> None:
    found = split(numbers(4, 1, 2, 1, 3), 4)
    assert [(each.label, each.value, each.low) for each in found.regions] == [
        ("1", 1, None),
        ("2", 2, None),
        ("3", 3, None),
        ("4", 4, None),
    ]
    assert found.place_N.tolist() == [3, 0, 1, 0, 2]


def test_many_values_are_ranges_that_are_equally_full() -> None:
    found = split(numbers(8, 1, 2, 3, 4, 5, 6, 7), 4)
    assert [(each.label, each.low, each.high, each.value) for each in found.regions] == [
        ("1 to 2", 1, 2, None),
        ("3 to 4", 3, 4, None),
        ("5 to 6", 5, 6, None),
        ("7 to 8", 7, 8, None),
    ]
    assert found.place_N.tolist() == [3, 0, 0, 1, 1, 2, 2, 3]


def test_a_range_of_one_value_is_named_by_it() -> None:
    found = split(numbers(1, 1, 1, 1, 1, 1, 2.5, 3, 4, 5), 2)
    assert [each.label for each in found.regions] == ["1", "2.5 to 5"]


@given(st.lists(st.floats(-1e9, 1e9) | st.just(math.nan), min_size=1, max_size=40), st.integers(1, 8))
def test_every_trial_lies_in_one_region_that_holds_its_value(values: list[float], parts: int) -> None:
    found = split(numbers(*values), parts)
    assert len(found.regions) <= parts + 1
    for value, place in zip(values, found.place_N.tolist(), strict=True):
        region = found.regions[place]
        if math.isnan(value):
            assert region.label == ABSENT
        elif region.value is not None:
            assert region.value == value
        else:
            assert region.low is not None and region.high is not None and region.low <= value <= region.high


@pytest.mark.parametrize(
    ("axis", "categorical", "log"),
    [
        (Choices((1, 2, 3)), False, False),
        (Choices((1, "two")), True, False),
        (Choices((True, False)), True, False),
        (Choices((2, True)), True, False),
        (Choices((1e-4, 1e-3, 1e-2)), False, True),
        (Choices((1, 100)), False, True),
        (Choices((1, 99)), False, False),
        (Choices((0, 100)), False, False),
        (FloatRange(1e-4, 1.0, log=True), False, True),
        (FloatRange(1e-4, 1.0), False, False),
    ],
    ids=str,
)
def test_choices_of_numbers_alone_are_numbers(axis: Parameter, categorical: bool, log: bool) -> None:
    values: tuple[Value, ...] = axis.values if isinstance(axis, Choices) else (0.25,)
    found = parameter_column("x", axis, [*(trial(n, {"x": value}) for n, value in enumerate(values)), trial(9, {})])
    assert (found.categorical, found.log) == (categorical, log)
    places = [float(place) for place in range(len(values))]
    assert found.values_N[:-1].tolist() == (places if categorical else [float(value) for value in values])
    assert math.isnan(found.values_N[-1])
