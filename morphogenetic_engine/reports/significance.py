"""Tests and intervals for few values: exact where values are few, and deterministic.

Signed-rank and rank-sum tests after Wilcoxon (1945) and Mann and Whitney (1947); Holm (1979) for several comparisons;
bias-corrected and accelerated bootstrap intervals after Efron (1987).
"""

# SciPy's statistics take half a second to import.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from morphogenetic_engine.reports.columns import Floats

CONFIDENCE = 0.95
RESAMPLES = 5000
_MOST_EXACT = 50
_MOST_ARRANGEMENTS = 20_000


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values corrected for their number, in the given order."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        corrected[index] = largest
    return corrected


def signed_rank_p(differences: Sequence[float]) -> float:
    """Return the two-sided p-value of the signed-rank test; pairs without a difference are left out.

    Exact, ties included, up to 50 pairs; the normal approximation above.
    """
    different = np.array([each for each in differences if each != 0.0])
    if different.size == 0:
        return 1.0
    from scipy.stats import rankdata, wilcoxon

    if different.size > _MOST_EXACT:
        return float(wilcoxon(different.tolist(), correction=True, method="approx").pvalue)
    # Twice the ranks are whole numbers, also where equals share the mean of theirs.
    doubled = np.rint(2 * rankdata(np.abs(different))).astype(int)
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    for rank in doubled.tolist():
        ways[rank:] = (ways[rank:] + ways[: ways.size - rank]) / 2
        ways[:rank] /= 2
    positive = int(doubled[different > 0].sum())
    smaller = min(positive, int(doubled.sum()) - positive)
    return min(1.0, 2 * float(ways[: smaller + 1].sum()))


def rank_sum_p(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the two-sided p-value of the Mann-Whitney test; exact where the arrangements can be counted."""
    from scipy.stats import PermutationMethod, mannwhitneyu

    values = [*one, *other]
    if len(set(values)) == 1:
        return 1.0
    ties = len(set(values)) < len(values)
    method: Literal["exact", "asymptotic"] | PermutationMethod = "asymptotic"
    if not ties and max(len(one), len(other)) <= _MOST_EXACT:
        method = "exact"
    elif ties and math.comb(len(values), len(one)) <= _MOST_ARRANGEMENTS:
        method = PermutationMethod(n_resamples=_MOST_ARRANGEMENTS)
    return min(1.0, float(mannwhitneyu(one, other, method=method).pvalue))


def smallest_signed_rank_p(pairs: int) -> float:
    """Return the smallest two-sided p-value that so many pairs can reach: all differ in the same direction."""
    return min(1.0, 2.0 ** (1 - pairs))


def smallest_rank_sum_p(one: int, other: int) -> float:
    """Return the smallest two-sided p-value that two samples of these sizes can reach."""
    return min(1.0, 2 / math.comb(one + other, one))


def mean_interval(values: Sequence[float], seed: int) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval of the mean; None for fewer than two values."""
    return None if len(values) < 2 else _interval([np.asarray(values)], seed)


def difference_interval(one: Sequence[float], other: Sequence[float], seed: int) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval of the difference of two unpaired means; None for fewer than two values."""
    return None if min(len(one), len(other)) < 2 else _interval([np.asarray(one), np.asarray(other)], seed)


def _interval(samples: Sequence[Floats], seed: int) -> tuple[float, float]:
    from scipy.stats import bootstrap

    if all(np.ptp(sample) == 0 for sample in samples):
        point = float(samples[0][0]) - (float(samples[1][0]) if len(samples) > 1 else 0.0)
        return point, point
    found = bootstrap(
        samples,
        _difference,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="BCa" if all(np.ptp(sample) > 0 for sample in samples) else "percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def _difference(one: Floats, other: Floats | None = None, axis: int = -1) -> Floats:
    mean: Floats = np.mean(one, axis=axis)
    return mean if other is None else mean - np.mean(other, axis=axis)
