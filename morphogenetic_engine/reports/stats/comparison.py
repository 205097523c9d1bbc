"""Tests whether one sample of a metric is better than another; each has one value per seed.

Samples that share seeds are compared in pairs (signed-rank test), others unpaired (Mann-Whitney test). A verdict
of "better" needs a corrected p-value of at most 0.05, and is withheld where seeds are too few: below 6 pairs, or
4 against 4, or where the number of comparisons leaves no p-value small enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from morphogenetic_engine.reports.stats import significance
from morphogenetic_engine.sweeps.record.averages import mean_of, scaled, unscaled
from morphogenetic_engine.sweeps.schema.objective import Direction

LEVEL = 0.05
FEWEST_PAIRS = 6
FEWEST_UNPAIRED = 4


class Verdict(StrEnum):
    """The verdict of a comparison on its first sample."""

    BETTER = "better"
    WORSE = "worse"
    THE_SAME = "practically the same"
    NOT_SHOWN = "no difference shown"
    NOT_ENOUGH_SEEDS = "not enough seeds"
    ONE_SEED = "one seed only"


@dataclass(frozen=True)
class Sample:
    """The values of a metric over several seeds."""

    name: str
    values: Mapping[int, float]
    """The values by seed; seeds that two samples share are compared in pairs."""


@dataclass(frozen=True)
class Comparison:
    """The comparison of two samples."""

    one: str
    other: str
    paired: bool
    """True: values of the same seed were compared in pairs."""
    values_one: tuple[float, ...]
    values_other: tuple[float, ...]
    """The compared values, in the same order of seeds where they are paired."""
    mean_one: float
    mean_other: float
    difference: float
    """The mean of one minus the mean of the other; infinite on overflow."""
    low: float | None
    """The 95 % bootstrap interval of the difference; None for fewer than two values."""
    high: float | None
    probability: float
    """The probability that one is better than the other: the share of pairs, a tie counting half."""
    p: float
    """The two-sided p-value."""
    corrected_p: float
    """The p-value after Holm's correction for the comparisons made together."""
    smallest_p: float
    """The smallest p-value possible with this number of seeds, with the strictest correction."""
    verdict: Verdict

    @property
    def seeds(self) -> int:
        """The number of pairs, or the smaller number of values."""
        return min(len(self.values_one), len(self.values_other))


def compare(
    one: Sample, other: Sample, direction: Direction, *, comparisons: int = 1, tolerance: float = 0.0, seed: int = 0
) -> Comparison:
    """Compares two samples; `comparisons` are made together, and differences up to `tolerance` do not matter.

    Raises:
        ValueError: a sample has no values.
    """
    if not one.values or not other.values:
        raise ValueError(f"{one.name if not one.values else other.name} has no values to compare")
    shared = sorted(one.values.keys() & other.values.keys())
    paired = len(shared) >= 2 or (bool(shared) and len(one.values) == len(other.values) == 1)
    values_one = tuple(one.values[key] for key in (shared if paired else sorted(one.values)))
    values_other = tuple(other.values[key] for key in (shared if paired else sorted(other.values)))
    p, smallest = _p_values(values_one, values_other, paired=paired)
    difference, interval = _difference(values_one, values_other, seed, paired=paired)
    found = Comparison(
        one=one.name,
        other=other.name,
        paired=paired,
        values_one=values_one,
        values_other=values_other,
        mean_one=mean_of(values_one),
        mean_other=mean_of(values_other),
        difference=difference,
        low=None if interval is None else interval[0],
        high=None if interval is None else interval[1],
        probability=_probability(values_one, values_other, direction, paired=paired),
        p=p,
        corrected_p=min(1.0, p * comparisons),
        smallest_p=min(1.0, smallest * comparisons),
        verdict=Verdict.NOT_SHOWN,
    )
    return _judged(found, direction, tolerance)


def compare_with(
    control: Sample, others: Sequence[Sample], direction: Direction, *, tolerance: float = 0.0, seed: int = 0
) -> tuple[Comparison, ...]:
    """Compares one sample with each of the others, corrected for their number (Holm)."""
    found = [
        compare(control, each, direction, comparisons=len(others), tolerance=tolerance, seed=seed) for each in others
    ]
    corrected = significance.holm([each.p for each in found])
    return tuple(
        _judged(replace(each, corrected_p=p), direction, tolerance) for each, p in zip(found, corrected, strict=True)
    )


def _p_values(one: Sequence[float], other: Sequence[float], *, paired: bool) -> tuple[float, float]:
    """Returns the p-value, and the smallest possible with this number of seeds."""
    if not paired:
        return significance.rank_sum_p(one, other), significance.smallest_rank_sum_p(len(one), len(other))
    units, _ = scaled(np.array([one, other]))  # so scaled that no difference overflows
    return significance.signed_rank_p((units[0] - units[1]).tolist()), significance.smallest_signed_rank_p(len(one))


def _difference(
    one: Sequence[float], other: Sequence[float], seed: int, *, paired: bool
) -> tuple[float, tuple[float, float] | None]:
    """Returns the difference of the means and its interval."""
    units, exponent = scaled(np.array([*one, *other]))
    units_one, units_other = units[: len(one)], units[len(one) :]
    if paired:
        differences = (units_one - units_other).tolist()
        difference = unscaled(mean_of(differences), exponent)
        interval = significance.mean_interval(differences, seed)
    else:
        difference = mean_of(one) - mean_of(other)
        interval = significance.difference_interval(units_one, units_other, seed)
    return difference, None if interval is None else (unscaled(interval[0], exponent), unscaled(interval[1], exponent))


def _judged(found: Comparison, direction: Direction, tolerance: float) -> Comparison:
    return replace(found, verdict=_verdict(found, direction, tolerance))


def _verdict(found: Comparison, direction: Direction, tolerance: float) -> Verdict:
    if found.seeds < 2:
        return Verdict.ONE_SEED
    if found.seeds < (FEWEST_PAIRS if found.paired else FEWEST_UNPAIRED) or found.smallest_p > LEVEL:
        return Verdict.NOT_ENOUGH_SEEDS
    if tolerance > 0 and found.low is not None and found.high is not None:
        if -tolerance <= found.low and found.high <= tolerance:
            return Verdict.THE_SAME
    if found.corrected_p > LEVEL or abs(found.difference) <= tolerance:
        return Verdict.NOT_SHOWN
    # The tests compare ranks: where means and ranks disagree, neither sample is called better.
    if direction.better(found.difference, 0.0) and found.probability > 0.5:
        return Verdict.BETTER
    if direction.better(0.0, found.difference) and found.probability < 0.5:
        return Verdict.WORSE
    return Verdict.NOT_SHOWN


def _probability(one: Sequence[float], other: Sequence[float], direction: Direction, *, paired: bool) -> float:
    left, right = direction.sign * np.asarray(one), direction.sign * np.asarray(other)
    left = left if paired else left[:, None]
    return float(np.mean((left > right) + 0.5 * (left == right)))
