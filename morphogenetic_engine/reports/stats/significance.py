"""Tests and intervals for few values: exact where values are few, and deterministic.

Signed-rank and rank-sum tests after Wilcoxon (1945) and Mann and Whitney (1947); Holm (1979) for several comparisons;
bias-corrected and accelerated bootstrap intervals after Efron (1987).
"""

# SciPy's statistics take half a second to import, its special functions a fifth of one.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.reports.stats.ranks import ranks_of

CONFIDENCE = 0.95
RESAMPLES = 5000
_MOST_EXACT = 50
_MOST_RANKED = 60


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns the p-values corrected for their number, in the given order."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        corrected[index] = largest
    return corrected


def signed_rank_p(differences: Sequence[float]) -> float:
    """Returns the two-sided p-value of the signed-rank test; pairs without a difference are left out.

    Exact, ties included, up to 50 pairs; the normal approximation above.
    """
    different = np.array([each for each in differences if each != 0.0])
    if different.size < 2:
        return 1.0
    if different.size > _MOST_EXACT:
        from scipy.stats import wilcoxon

        return float(wilcoxon(different.tolist(), correction=True, method="approx").pvalue)
    # Twice the ranks are whole numbers, also where ties share a mean rank.
    doubled = np.rint(2 * ranks_of(np.abs(different))).astype(int)
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    for rank in doubled.tolist():
        ways[rank:] = (ways[rank:] + ways[: ways.size - rank]) / 2
        ways[:rank] /= 2
    positive = int(doubled[different > 0].sum())
    smaller = min(positive, int(doubled.sum()) - positive)
    return min(1.0, 2 * float(ways[: smaller + 1].sum()))


def rank_sum_p(one: Sequence[float], other: Sequence[float]) -> float:
    """Returns the two-sided p-value of the Mann-Whitney test.

    Exact, ties included, up to 60 values in all; the normal approximation above.
    """
    values = [*one, *other]
    if len(values) == 2 or len(set(values)) == 1:
        return 1.0
    if len(values) > _MOST_RANKED:
        from scipy.stats import mannwhitneyu

        return float(mannwhitneyu(one, other, method="asymptotic").pvalue)
    doubled = np.rint(2 * ranks_of(values)).astype(int)
    ways = np.zeros((len(one) + 1, int(doubled.sum()) + 1))
    ways[0, 0] = 1.0  # indexed by the number taken, and by twice the sum of their ranks
    for rank in doubled.tolist():
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank].copy()
    shares = ways[-1] / math.comb(len(values), len(one))
    total = int(doubled[: len(one)].sum())
    return min(1.0, 2 * min(float(shares[: total + 1].sum()), float(shares[total:].sum())))


def crowding_p(inside: int, size: int, marked: int, all_: int) -> float:
    """Returns the probability that `inside` or more of the `marked` among `all_` lie in a random part of `size`.

    Fisher's exact test (1935), one-sided: the upper tail of the hypergeometric distribution.
    """
    from scipy.special import betaln, logsumexp

    inside_K = np.arange(max(inside, size + marked - all_), min(size, marked) + 1)
    if inside_K.size == 0:
        return 0.0
    # The logarithm of the binomial coefficient of N and K: -log(N + 1) - betaln(N - K + 1, K + 1).
    marked_K = -betaln(marked - inside_K + 1, inside_K + 1) - math.log1p(marked)
    outside_K = size - inside_K
    others_K = -betaln(all_ - marked - outside_K + 1, outside_K + 1) - math.log1p(all_ - marked)
    every = -float(betaln(all_ - size + 1, size + 1)) - math.log1p(all_)
    return min(1.0, math.exp(float(logsumexp(marked_K + others_K)) - every))


def f_test_p(ratio: float, extra: int, free: int) -> float:
    """Returns the p-value of a ratio of variances with the given degrees of freedom of numerator and denominator."""
    from scipy.special import fdtrc

    return float(fdtrc(extra, free, ratio))


def smallest_signed_rank_p(pairs: int) -> float:
    """Returns the smallest two-sided p-value that this number of pairs can reach: all differ in the same direction."""
    return min(1.0, 2.0 ** (1 - pairs))


def smallest_rank_sum_p(one: int, other: int) -> float:
    """Returns the smallest two-sided p-value that two samples of these sizes can reach."""
    return min(1.0, 2 / math.comb(one + other, one))


def mean_interval(values: Sequence[float] | Floats, seed: int) -> tuple[float, float] | None:
    """Returns the 95 % bootstrap interval of the mean; None for fewer than two values."""
    return None if len(values) < 2 else _interval([np.asarray(values)], seed)


def difference_interval(
    one: Sequence[float] | Floats, other: Sequence[float] | Floats, seed: int
) -> tuple[float, float] | None:
    """Returns the 95 % bootstrap interval of the difference of two unpaired means; None for fewer than two values."""
    return None if min(len(one), len(other)) < 2 else _interval([np.asarray(one), np.asarray(other)], seed)


def _interval(samples: Sequence[Floats], seed: int) -> tuple[float, float]:
    from scipy.stats import bootstrap

    origin = float(samples[0][0])
    scale = max(float(np.ptp(sample)) for sample in samples)
    one_sample = origin if len(samples) == 1 else 0.0
    if scale == 0:
        point = origin - (float(samples[1][0]) if len(samples) > 1 else 0.0)
        return point, point
    # In units of their range: squares of 1e200 overflow, squares of 1e-200 underflow.
    found = bootstrap(
        [(sample - origin) / scale for sample in samples],
        _difference,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low) * scale + one_sample, float(found.high) * scale + one_sample


def _difference(one: Floats, other: Floats | None = None, axis: int = -1) -> Floats:
    mean: Floats = np.mean(one, axis=axis)
    return mean if other is None else mean - np.mean(other, axis=axis)
