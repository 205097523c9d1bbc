"""Correlations among parameters and metrics.

Numbers with numbers have Pearson's and Spearman's coefficient (a parameter that is searched in the logarithm is taken
in the logarithm for Pearson's); a number with categories has the correlation ratio, and categories with categories
have Cramer's V, corrected for its bias (Bergsma, 2013). The last two have no sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from morphogenetic_engine.reports.columns.columns import Column, metric_column, parameter_column
from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.reports.stats.ranks import ranks_of
from morphogenetic_engine.reports.stats.significance import f_test_p, holm
from morphogenetic_engine.sweeps.record.averages import scaled
from morphogenetic_engine.sweeps.record.trials import WALL_CLOCK_METRICS
from morphogenetic_engine.sweeps.results import SweepResult

FEWEST_TRIALS = 4
"""Below this number of trials there is no coefficient: with three, any two columns correlate."""
MOST_METRICS = 12
CLEAR_TREND = 0.01

Measure = Literal["correlation", "correlation ratio", "Cramer's V"]


@dataclass(frozen=True, slots=True)
class Association:
    """The association of two columns in the trials that have both."""

    one: str
    other: str
    measure: Measure
    linear: float | None
    """Pearson's coefficient from -1 to 1, or one of the unsigned measures from 0 to 1; None: too few trials, or a
    column that does not change."""
    rank: float | None
    """Spearman's coefficient; with categories the correlation ratio of the ranks, or Cramer's V again."""
    trials: int
    """The number of complete trials that have both."""


@dataclass(frozen=True)
class Correlations:
    """All pairs of searched parameters and metrics."""

    parameters: tuple[str, ...]
    metrics: tuple[str, ...]
    """The objectives first."""
    associations: tuple[Association, ...]
    """One for each pair, the earlier name first."""

    def between(self, one: str, other: str) -> Association | None:
        """Returns the association of two names, in whichever order; None for unknown names and for a name itself."""
        return self._by_names.get(frozenset((one, other)))

    @cached_property
    def _by_names(self) -> dict[frozenset[str], Association]:
        return {frozenset((each.one, each.other)): each for each in self.associations}

    def with_objective(self) -> tuple[Association, ...]:
        """Returns the associations of the parameters with the first objective, the strongest first."""
        found = [self.between(name, self.metrics[0]) for name in self.parameters] if self.metrics else []
        return tuple(sorted((each for each in found if each), key=lambda each: -abs(each.rank or 0.0)))


def correlations_of(result: SweepResult) -> Correlations:
    """Returns the correlations of a sweep's complete trials; the MOST_METRICS first metrics, in their order."""
    trials, optimization = list(result.complete), result.config.optimization
    wanted = [*(each.metric for each in optimization.all_objectives), *optimization.secondary_metrics]
    reported = {name for trial in trials for name in trial.metrics} - WALL_CLOCK_METRICS
    names = [name for name in dict.fromkeys([*wanted, *sorted(reported)]) if name in reported][:MOST_METRICS]
    parameters = [parameter_column(name, axis, trials) for name, axis in result.config.space.axes.items()]
    metrics = [metric_column(name, trials) for name in names if name not in result.config.space.axes]
    columns = [*parameters, *metrics]
    known = {id(each): _whole(each) for each in columns}
    pairs = [(one, other) for place, one in enumerate(columns) for other in columns[place + 1 :]]
    return Correlations(
        tuple(each.name for each in parameters),
        tuple(each.name for each in metrics),
        tuple(_of_whole(known[id(one)], known[id(other)]) or association(one, other) for one, other in pairs),
    )


def clear_trends(correlations: Correlations) -> tuple[Association, ...]:
    """Returns the numeric parameters that correlate significantly with the first objective, the strongest first.

    By the F-test of the rank coefficients, with Holm's correction. Trials that a sampler drew near earlier ones are not
    independent, so the level is 0.01.
    """
    found = [(each, each.rank) for each in correlations.with_objective() if each.measure == "correlation" and each.rank]
    corrected = holm([_trend_p(rank, each.trials) for each, rank in found])
    return tuple(each for (each, _), p in zip(found, corrected, strict=True) if p <= CLEAR_TREND)


def _trend_p(rank: float, trials: int) -> float:
    explained = rank**2
    return 0.0 if explained >= 1 else f_test_p(explained * (trials - 2) / (1 - explained), 1, trials - 2)


def association(one: Column, other: Column) -> Association:
    """Returns the association of two columns of the same trials."""
    both_N = one.present_N & other.present_N
    measure = _measure(one, other)
    (first, _), (second, _) = scaled(one.scaled_N[both_N]), scaled(other.scaled_N[both_N])
    linear = rank = None
    if first.size >= FEWEST_TRIALS and np.ptp(first) > 0 and np.ptp(second) > 0:
        linear, rank = _coefficients(one, other, first, second)
    return Association(one.name, other.name, measure, linear, rank, int(both_N.sum()))


@dataclass(frozen=True)
class _Whole:
    """A column of numbers that all trials have, and that change: what all its coefficients have in common."""

    name: str
    values_N: Floats
    """Standardized."""
    ranks_N: Floats
    """Their ranks, standardized."""


def _whole(column: Column) -> _Whole | None:
    """Returns the column prepared for many coefficients; None: its coefficients differ in the trials they are of."""
    if column.categorical or column.values_N.size < FEWEST_TRIALS or not column.present_N.all():
        return None
    values, _ = scaled(column.scaled_N)
    if not np.ptp(values) > 0:
        return None
    return _Whole(column.name, _standardized(values), _standardized(ranks_of(values)))


def _of_whole(one: _Whole | None, other: _Whole | None) -> Association | None:
    """Returns the association of two prepared columns; None where one of them could not be prepared."""
    if one is None or other is None:
        return None
    linear = min(max(float((one.values_N * other.values_N).mean()), -1.0), 1.0)
    rank = min(max(float((one.ranks_N * other.ranks_N).mean()), -1.0), 1.0)
    return Association(one.name, other.name, "correlation", linear, rank, one.values_N.size)


def _measure(one: Column, other: Column) -> Measure:
    if one.categorical and other.categorical:
        return "Cramer's V"
    return "correlation ratio" if one.categorical or other.categorical else "correlation"


def _coefficients(one: Column, other: Column, first: Floats, second: Floats) -> tuple[float, float]:
    if one.categorical and other.categorical:
        strength = _cramers_v(first, second)
        return strength, strength
    if one.categorical:
        return _correlation_ratio(first, second), _correlation_ratio(first, ranks_of(second))
    if other.categorical:
        return _correlation_ratio(second, first), _correlation_ratio(second, ranks_of(first))
    return _pearson(first, second), _pearson(ranks_of(first), ranks_of(second))


def _pearson(first: Floats, second: Floats) -> float:
    one, other = _standardized(first), _standardized(second)
    return float(np.clip(np.mean(one * other), -1, 1))


def _standardized(values: Floats) -> Floats:
    centred = _centred(values)
    standardized: Floats = centred / np.sqrt(np.mean(centred**2))
    return standardized


def _centred(values: Floats) -> Floats:
    # In units of the range: the squares of small differences underflow.
    centred: Floats = (values - values.mean()) / np.ptp(values)
    return centred


def _correlation_ratio(groups: Floats, values: Floats) -> float:
    """Returns the square root of the share of the variance that lies between the groups."""
    centred = _centred(values)
    _, place_N = np.unique(groups, return_inverse=True)
    count_G = np.bincount(place_N)
    between = np.sum(np.bincount(place_N, weights=centred) ** 2 / count_G)
    return float(np.sqrt(np.clip(between / np.sum(centred**2), 0, 1)))


def _cramers_v(first: Floats, second: Floats) -> float:
    _, row_N = np.unique(first, return_inverse=True)
    _, column_N = np.unique(second, return_inverse=True)
    rows, columns, count = row_N.max() + 1, column_N.max() + 1, row_N.size
    seen = np.zeros((rows, columns))
    np.add.at(seen, (row_N, column_N), 1)
    expected = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / count
    phi2 = float(np.sum((seen - expected) ** 2 / expected)) / count
    corrected = max(0.0, phi2 - (rows - 1) * (columns - 1) / (count - 1))
    sizes = [size - (size - 1) ** 2 / (count - 1) - 1 for size in (rows, columns)]
    return float(np.sqrt(min(1.0, corrected / min(sizes)))) if min(sizes) > 0 else 0.0


def strongest(correlations: Correlations, names: Sequence[str]) -> tuple[Association, ...]:
    """Returns the associations among the named columns, the strongest rank coefficient first."""
    inside = set(names)
    found = [each for each in correlations.associations if each.one in inside and each.other in inside and each.rank]
    return tuple(sorted(found, key=lambda each: -abs(each.rank or 0.0)))
