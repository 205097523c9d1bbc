"""Greedy ensemble selection with replacement, from the models' predictions on one split.

Source: Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from libraries of models", ICML 2004. Pure
functions of arrays; M models, N samples, C classes: p_MNC probabilities, y_N classes from 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]
_LEAST = 1e-12
"""The lower bound of predicted probabilities, so that their logarithm is finite."""


class Score(NamedTuple):
    """The score of predictions; ordered by accuracy, then by log-likelihood."""

    accuracy: float
    log_likelihood: float
    """Mean over the samples of the logarithm of the right class's probability."""


@dataclass(frozen=True)
class Selection:
    """The members of an ensemble in the order of selection, repeated if they were picked several times."""

    picks: tuple[int, ...]
    scores: tuple[Score, ...]
    """The score of the ensemble after each pick; the first is that of the best single model."""

    @property
    def weights(self) -> Mapping[int, float]:
        """The share of each member, which add up to 1; the heaviest first, of equals the one picked first."""
        return {model: count / len(self.picks) for model, count in Counter(self.picks).most_common()}


def greedy_selection(p_MNC: Probabilities, y_N: Labels, size: int) -> Selection:
    """Picks `size` models, with replacement, each the one with which the mean prediction scores best.

    Of the ensembles after each pick the best one is kept, of equals the smallest, so that it never scores lower than
    the best single model. Of equal models the first is picked, so that copies behind it change nothing.
    """
    picks: list[int] = []
    scores: list[Score] = []
    total_NC = np.zeros_like(p_MNC[0])
    for count in range(1, size + 1):
        tried = [score((total_NC + p_NC) / count, y_N) for p_NC in p_MNC]
        scores.append(max(tried))
        picks.append(tried.index(scores[-1]))
        total_NC = total_NC + p_MNC[picks[-1]]
    kept = scores.index(max(scores)) + 1
    return Selection(tuple(picks[:kept]), tuple(scores[:kept]))


def score(p_NC: Probabilities, y_N: Labels) -> Score:
    """Returns the score of predictions."""
    right_N = p_NC[np.arange(len(y_N)), y_N]
    return Score(float(np.mean(correct(p_NC, y_N))), float(np.mean(np.log(np.maximum(right_N, _LEAST)))))


def correct(p_NC: Probabilities, y_N: Labels) -> NDArray[np.bool_]:
    """Returns for each sample whether its most probable class is the right one."""
    right_N: NDArray[np.bool_] = p_NC.argmax(axis=1) == y_N
    return right_N


def mixed(p_MNC: Probabilities, weights: Mapping[int, float]) -> Probabilities:
    """Returns the weighted mean of the models' predictions, p_NC; `weights` by the models' places."""
    p_NC: Probabilities = sum(
        (weight * p_MNC[model] for model, weight in weights.items()), start=np.zeros_like(p_MNC[0])
    )
    return p_NC
