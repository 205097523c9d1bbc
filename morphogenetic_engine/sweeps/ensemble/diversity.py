"""Measures of the diversity of models, and McNemar's test: computed from counts over the same samples.

Source of the measures: Kuncheva and Whitaker, "Measures of diversity in classifier ensembles and their relationship
with the ensemble accuracy", Machine Learning 51, 2003.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Diversity:
    """Means over all pairs of models; None where no pair has the number."""

    disagreement: float | None
    """The share of the samples that two models put into different classes, from 0 to 1."""
    q_statistic: float | None
    """From -1 (wrong on different samples) over 0 (independent) to 1 (wrong on the same samples)."""


def diversity(classes: Sequence[NDArray[np.int64]], y_N: NDArray[np.int64]) -> Diversity:
    """Returns the diversity of models, from the class that each predicts for every sample."""
    pairs = list(combinations(classes, 2))
    disagreements = [float(np.mean(one_N != other_N)) for one_N, other_N in pairs]
    q_statistics = [q_statistic(one_N == y_N, other_N == y_N) for one_N, other_N in pairs]
    known = [value for value in q_statistics if value is not None]
    return Diversity(_mean(disagreements), _mean(known))


def q_statistic(one_N: NDArray[np.bool_], other_N: NDArray[np.bool_]) -> float | None:
    """Returns Yule's Q of two models from the samples that each has right; None where undefined, as without errors."""
    both, neither = int(np.sum(one_N & other_N)), int(np.sum(~one_N & ~other_N))
    first, second = int(np.sum(one_N & ~other_N)), int(np.sum(~one_N & other_N))
    same, different = both * neither, first * second
    return (same - different) / (same + different) if same + different else None


def mcnemar_p(first: int, second: int) -> float:
    """Returns the two-sided p-value of McNemar's exact test.

    `first` samples are classified correctly by the first model alone, `second` by the second alone. Under the null
    hypothesis of equally good models, the counts follow a fair coin.
    """
    lower, total = min(first, second), first + second
    tail = sum(comb(total, count) for count in range(lower + 1)) / (1 << total)
    return min(1.0, 2 * tail)


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None
