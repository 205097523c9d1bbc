"""Greedy selection: its laws, and small cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.ensemble.selection import (
    Labels,
    Probabilities,
    Selection,
    correct,
    greedy_selection,
    mixed,
    score,
)


def probabilities(*chances: tuple[float, ...]) -> Probabilities:
    """Returns p_MNC of two classes from the chance of class 1, a row a model."""
    p_MN = np.array(chances)
    return np.stack([1 - p_MN, p_MN], axis=2)


@st.composite
def libraries(draw: st.DrawFn) -> tuple[Probabilities, Labels]:
    models, samples, classes = draw(st.integers(1, 5)), draw(st.integers(1, 8)), draw(st.integers(2, 3))
    count = models * samples * classes
    raw = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    p_MNC = np.array(raw, dtype=float).reshape((models, samples, classes))
    y = draw(st.lists(st.integers(0, classes - 1), min_size=samples, max_size=samples))
    return p_MNC / p_MNC.sum(axis=2, keepdims=True), np.array(y)


SIZES = st.integers(1, 8)


@given(libraries(), SIZES)
def test_the_first_pick_is_the_best_single_model(library: tuple[Probabilities, Labels], size: int) -> None:
    p_MNC, y_N = library
    selection = greedy_selection(p_MNC, y_N, size)
    alone = [score(p_NC, y_N) for p_NC in p_MNC]
    assert selection.scores[0] == max(alone)
    assert selection.picks[0] == alone.index(max(alone))


@given(libraries(), SIZES)
def test_the_ensemble_is_never_less_accurate_than_the_best_single_model(
    library: tuple[Probabilities, Labels], size: int
) -> None:
    p_MNC, y_N = library
    selection = greedy_selection(p_MNC, y_N, size)
    assert selection.scores[-1] == max(selection.scores)
    assert selection.scores[-1].accuracy >= max(score(p_NC, y_N).accuracy for p_NC in p_MNC)


@given(libraries(), SIZES)
def test_the_weights_are_shares_of_members(library: tuple[Probabilities, Labels], size: int) -> None:
    weights = greedy_selection(*library, size).weights
    assert sum(weights.values()) == pytest.approx(1)
    assert all(weight > 0 for weight in weights.values())
    assert set(weights) <= set(range(len(library[0]))) and len(weights) <= size
    assert list(weights.values()) == sorted(weights.values(), reverse=True)


@given(libraries(), SIZES, st.data())
def test_a_copy_of_a_model_changes_nothing(
    library: tuple[Probabilities, Labels], size: int, data: st.DataObject
) -> None:
    p_MNC, y_N = library
    copied = data.draw(st.integers(0, len(p_MNC) - 1))
    with_copy = np.concatenate([p_MNC, p_MNC[copied : copied + 1]])
    assert greedy_selection(with_copy, y_N, size) == greedy_selection(p_MNC, y_N, size)


@given(libraries(), SIZES)
def test_a_larger_size_never_scores_lower(library: tuple[Probabilities, Labels], size: int) -> None:
    smaller, larger = (greedy_selection(*library, each) for each in (size, size + 1))
    assert larger.scores[-1] >= smaller.scores[-1]


@given(libraries(), SIZES)
def test_what_the_weights_mix_scores_what_the_selection_says(library: tuple[Probabilities, Labels], size: int) -> None:
    p_MNC, y_N = library
    selection = greedy_selection(p_MNC, y_N, size)
    p_NC = mixed(p_MNC, selection.weights)
    assert np.allclose(p_NC.sum(axis=1), 1)
    assert score(p_NC, y_N).log_likelihood == pytest.approx(selection.scores[-1].log_likelihood)


def test_two_models_that_are_wrong_in_different_places_are_right_together() -> None:
    y_N = np.array([1, 1, 0, 0])
    p_MNC = probabilities((0.9, 0.4, 0.1, 0.4), (0.4, 0.8, 0.4, 0.1), (0.4, 0.4, 0.6, 0.6))
    selection = greedy_selection(p_MNC, y_N, 5)
    assert selection.picks[:2] == (0, 1)
    assert [each.accuracy for each in selection.scores[:2]] == [0.75, 1.0]
    assert correct(mixed(p_MNC, {0: 0.5, 1: 0.5}), y_N).all()


def test_a_model_may_be_picked_again_to_weigh_more() -> None:
    y_N = np.array([1, 1, 0])
    # Half and half, the third sample ties and goes to class 0 either way; the likelihood wants more of the first.
    p_MNC = probabilities((0.95, 0.45, 0.05), (0.3, 0.9, 0.4))
    selection = greedy_selection(p_MNC, y_N, 3)
    assert selection.picks == (0, 1, 0)
    assert selection.weights == {0: pytest.approx(2 / 3), 1: pytest.approx(1 / 3)}


def test_picks_that_only_make_it_worse_are_not_kept() -> None:
    y_N = np.array([1, 0])
    selection = greedy_selection(probabilities((1.0, 0.0), (0.2, 0.9)), y_N, 4)
    assert selection == Selection((0,), (score(probabilities((1.0, 0.0))[0], y_N),))
    assert selection.weights == {0: 1.0}


def test_a_class_that_was_held_impossible_counts_as_very_unlikely_and_not_as_infinitely_bad() -> None:
    found = score(np.array([[1.0, 0.0]]), np.array([1]))
    assert found.accuracy == 0.0
    assert found.log_likelihood == pytest.approx(np.log(1e-12))
