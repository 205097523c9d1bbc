"""Classification metrics: by hand in small cases, by laws otherwise."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.engine.classification import ROC_POINTS, classification


def two_classes(scores: list[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[1 - score, score] for score in scores])


def test_two_classes_by_hand() -> None:
    found = classification(two_classes([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))
    assert found.confusion_CC == ((2, 0), (1, 1))
    assert (found.samples, found.accuracy) == (4, 0.75)
    assert found.log_loss == pytest.approx(-np.mean(np.log([0.9, 0.6, 0.35, 0.8])))
    one = found.classes[1]
    assert (one.samples, one.precision, one.recall, one.area) == (2, 1, 0.5, 0.75)
    assert one.f1 == pytest.approx(2 / 3)
    assert found.roc is not None
    assert found.roc.area == 0.75
    assert list(zip(found.roc.false_positive_rates, found.roc.true_positive_rates, strict=True)) == [
        (0, 0),
        (0, 0.5),
        (0.5, 0.5),
        (0.5, 1),
        (1, 1),
    ]


def test_more_classes_have_an_area_each_and_one_curve_over_all_decisions() -> None:
    p_NC = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]])
    found = classification(p_NC, np.array([0, 1, 2, 2]))
    assert found.confusion_CC == ((1, 0, 0), (0, 1, 0), (0, 1, 1))
    assert [each.area for each in found.classes] == [1, 1, 1]
    assert found.roc is not None
    # of 4 right and 8 wrong decisions, in the order of their probabilities, 0.6 is over 0.4 and 0.3, 0.3 ties with two
    assert found.roc.area == pytest.approx((32 - 1 - 1 - 2 * 0.5) / 32)


def test_a_class_without_samples_has_no_area_and_spoils_nothing() -> None:
    found = classification(np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1]]), np.array([0, 1]))
    assert [each.area for each in found.classes] == [1, 1, None]
    assert found.confusion_CC[2] == (0, 0, 0)


def test_samples_of_one_class_have_no_curve() -> None:
    assert classification(two_classes([0.9, 0.8]), np.array([1, 1])).roc is None


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_its_area() -> None:
    random = np.random.default_rng(1)
    y_N = random.integers(0, 2, 5000)
    score_N = random.random(5000)
    roc = classification(two_classes(list(score_N)), y_N).roc
    assert roc is not None
    assert len(roc.thresholds) == ROC_POINTS
    ends = [(rates[0], rates[-1]) for rates in (roc.false_positive_rates, roc.true_positive_rates)]
    assert ends == [(0, 1), (0, 1)]
    order = score_N[y_N == 1][:, None] - score_N[y_N == 0]
    assert roc.area == pytest.approx(np.mean(order > 0))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_numbers_are_those_of_json_and_counts_add_up(samples: list[tuple[float, bool]]) -> None:
    found = classification(two_classes([score for score, _ in samples]), np.array([int(each) for _, each in samples]))
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["samples"] == len(samples)
    assert sum(map(sum, found.confusion_CC)) == len(samples)
    if found.roc is not None:
        assert list(found.roc.thresholds) == sorted(found.roc.thresholds, reverse=True)
        assert 0 <= found.roc.area <= 1


def test_arrays_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"but got \(2, 2\) and \(3,\)"):
        classification(two_classes([0.1, 0.2]), np.array([0, 1, 1]))
