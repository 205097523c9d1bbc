"""Numbers as readable text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.reports.drawing.number_text import fixed_text, number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12_000, "12,000"),
        (0.003125, "0.003125"),
        (1e-5, "1e-5"),
        (2.5e-7, "2.5e-7"),
        (-3.0, "-3"),
        (1e9, "1e9"),
        (0.99999, "1"),
        (float("inf"), "∞"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number_text(value) == text


@given(st.floats(-1e307, 1e307, allow_subnormal=False))
def test_a_number_is_what_it_says_in_four_digits(value: float) -> None:
    assert float(number_text(value).replace(",", "")) == pytest.approx(value, rel=5e-4)


@pytest.mark.parametrize(("value", "step", "text"), [(0.5, 0.25, "0.50"), (2.5, 2.5, "2.5"), (1000, 500, "1,000")])
def test_labels_have_the_decimals_of_their_step(value: float, step: float, text: str) -> None:
    assert fixed_text(value, step) == text
