"""Averages of floats of any size, against exact arithmetic and numpy."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.record.averages import deviation_of, mean_of, median_of, quantiles_of, scaled, unscaled

ANY = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9)
PLAIN = st.lists(st.floats(-1e100, 1e100).filter(lambda value: value == 0 or abs(value) > 1e-100), min_size=2)
LARGEST = 1.7976931348623157e308


@given(ANY)
def test_a_mean_is_the_exact_one_rounded(values: list[float]) -> None:
    exact = float(sum(map(Fraction, values)) / len(values))
    allowed = max(map(abs, values)) * 1e-15 + 5e-324
    assert mean_of(values) == pytest.approx(exact, rel=0, abs=allowed)


@given(ANY)
def test_quantiles_are_finite_in_order_and_among_the_values(values: list[float]) -> None:
    low, median, high = quantiles_of(values, [0.25, 0.5, 0.75])
    assert min(values) <= low <= median <= high <= max(values)
    assert quantiles_of(values, [0, 1]) == [min(values), max(values)]
    assert median == median_of(values)


@given(PLAIN)
def test_what_needs_no_care_is_as_numpy_has_it(values: list[float]) -> None:
    size = max(map(abs, values))
    assert mean_of(values) == pytest.approx(float(np.mean(values)), abs=size * 1e-14)
    assert quantiles_of(values, [0.1, 0.9]) == pytest.approx(np.quantile(values, [0.1, 0.9]).tolist(), abs=size * 1e-14)
    assert deviation_of(values) == pytest.approx(float(np.std(values, ddof=1)), abs=size * 1e-12)


@given(ANY)
def test_units_are_at_most_one_and_come_back(values: list[float]) -> None:
    units, exponent = scaled(np.array(values))
    assert np.abs(units).max() <= 1
    back = [unscaled(each, exponent) for each in units.tolist()]
    assert back == pytest.approx(values, rel=0, abs=max(map(abs, values)) * 1e-300)


def test_what_fits_in_no_float_is_infinite() -> None:
    assert deviation_of([LARGEST, -LARGEST]) == math.inf
    assert unscaled(-1.0, 1024) == -math.inf
    assert deviation_of([5e-324, 0.0]) == 5e-324


def test_quantiles_lie_between_values_whose_difference_fits_in_no_float() -> None:
    quarters = quantiles_of([LARGEST, -LARGEST], [0, 0.25, 0.5, 0.75, 1])
    assert quarters == pytest.approx([-LARGEST, -LARGEST / 2, 0, LARGEST / 2, LARGEST])
