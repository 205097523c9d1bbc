"""Diversity and McNemar's test, against values computed by hand and SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from morphogenetic_engine.sweeps.ensemble.diversity import Diversity, diversity, mcnemar_p, q_statistic


def right(pattern: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([mark == "+" for mark in pattern])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("++--+-", "++--+-", 1.0),  # the same errors
        ("++--", "--++", -1.0),  # never wrong together
        ("++--", "+-+-", 0.0),  # independent
        ("+++-", "+++-", 1.0),
        ("++++---", "+++-+--", (3 * 2 - 1 * 1) / (3 * 2 + 1 * 1)),
        ("++++", "++--", None),  # one without errors
    ],
)
def test_the_q_statistic(one: str, other: str, expected: float | None) -> None:
    assert q_statistic(right(one), right(other)) == expected
    assert q_statistic(right(other), right(one)) == expected


def test_diversity_is_the_mean_over_all_pairs() -> None:
    y_N = np.array([0, 0, 1, 1])
    classes = [np.array([0, 0, 0, 0]), np.array([1, 1, 1, 1]), np.array([0, 1, 0, 1])]
    # Disagreement 1, 1/2, 1/2; Q -1, then 0 and 0.
    found = diversity(classes, y_N)
    assert found.disagreement == pytest.approx(2 / 3)
    assert found.q_statistic == pytest.approx(-1 / 3)


def test_wrong_classes_that_differ_are_disagreement_too() -> None:
    y_N = np.array([0, 0])
    assert diversity([np.array([1, 0]), np.array([2, 0])], y_N) == Diversity(0.5, 1.0)


def test_one_model_has_no_diversity() -> None:
    assert diversity([np.array([0, 1])], np.array([0, 1])) == Diversity(None, None)


def test_pairs_without_a_q_statistic_are_passed_over() -> None:
    y_N = np.array([0, 1])
    assert diversity([y_N, y_N], y_N) == Diversity(0.0, None)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_a_fair_coin(first: int, second: int) -> None:
    expected = 1.0 if first + second == 0 else float(binomtest(first, first + second).pvalue)
    assert mcnemar_p(first, second) == pytest.approx(expected)


def test_mcnemar_takes_large_counts() -> None:
    assert mcnemar_p(5000, 5000) == 1.0
    assert mcnemar_p(0, 5000) < 1e-300
