"""Compares a sweep with the reference: a change counts if it exceeds the tolerance and is statistically significant.

Rank-sum tests after Mann and Whitney (1947), exact for few values; the false discovery rate over the metrics after
Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from morphogenetic_engine.errors import ConfigError, SweepError, did_you_mean
from morphogenetic_engine.reports.regression.measurements import Measured, Measurements, measure
from morphogenetic_engine.reports.regression.reference import Origin, Reference, origin_of
from morphogenetic_engine.reports.regression.regression_verdict import Change, MetricVerdict, Verdict
from morphogenetic_engine.reports.stats.significance import difference_interval, rank_sum_p, smallest_rank_sum_p
from morphogenetic_engine.sweeps.record.averages import mean_of
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Direction

FALSE_ALARMS = 0.05
"""The false discovery rate of changes for the worse; the same rate applies to changes for the better."""
OBJECTIVE_TOLERANCE = 0.01
"""The default tolerance of objectives, as a share of the reference's mean."""
WALL_CLOCK_TOLERANCE = 0.15
"""The default tolerance of machine-dependent metrics, as a share of the reference's mean."""

Tolerances = Mapping[str, float]
"""The largest change for the worse that is not a regression, by metric, in the metric's own unit."""


def regress(result: SweepResult, reference: Reference, tolerances: Tolerances | None = None) -> Verdict:
    """Compares a sweep's confirmed seeds with a reference.

    Raises:
        SweepError: the reference has a different search configuration, or the sweep was not confirmed.
        ConfigError: a tolerance is for a metric that is not compared, or not positive.
    """
    origin = origin_of(result)
    if origin.identity != reference.origin.identity:
        raise SweepError(
            f"sweep {origin.sweep_id}: has a different search configuration than the reference,"
            f" sweep {reference.origin.sweep_id}; write a new reference with `sweep baseline --update`"
        )
    return compare(origin, measure(result), reference, tolerances or {})


def compare(origin: Origin, measurements: Measurements, reference: Reference, tolerances: Tolerances) -> Verdict:
    """Compares measurements with a reference, each metric by itself.

    Raises:
        ConfigError: a tolerance is for a metric that is not compared, or not positive.
    """
    _check(tolerances, measurements)
    before = {each.metric: each for each in reference.measurements.metrics}
    why = why_no_clocks(origin, reference.origin)
    judged = judge(measurements.metrics, before, tolerances, why_no_clocks=why)
    metrics = [
        _with_interval(verdict, each, before[each.metric]) if verdict.p_value is not None else verdict
        for verdict, each in zip(judged, measurements.metrics, strict=True)
    ]
    return Verdict(
        origin=origin,
        measurements=measurements,
        reference=reference.origin,
        reference_measurements=reference.measurements,
        metrics=tuple(metrics),
    )


def judge(
    tonight: Sequence[Measured],
    before: Mapping[str, Measured],
    tolerances: Tolerances | None = None,
    *,
    why_no_clocks: str = "",
) -> list[MetricVerdict]:
    """Judges each metric, without its interval; `why_no_clocks`: why times are not compared, otherwise empty."""
    found = [
        _compared(each, before.get(each.metric), (tolerances or {}).get(each.metric), why_no_clocks) for each in tonight
    ]
    corrected = iter(benjamini_hochberg([each.p_value for each in found if each.p_value is not None]))
    return [
        each if each.p_value is None else _decided(each.model_copy(update={"corrected_p": next(corrected)}))
        for each in found
    ]


def why_no_clocks(origin: Origin, reference: Origin) -> str:
    """Returns the reason why the times of two sweeps cannot be compared; empty when they can."""
    if origin.machine is None or reference.machine is None:
        return "part of it ran on another or an unknown machine"
    return origin.machine.difference(reference.machine)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Returns the p-values corrected after Benjamini and Hochberg, in the given order."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)
    corrected, smallest = [1.0] * len(p_values), 1.0
    for place, index in enumerate(order):
        rank = len(p_values) - place
        smallest = min(smallest, p_values[index] * len(p_values) / rank)
        corrected[index] = smallest
    return corrected


def _compared(
    tonight: Measured, before: Measured | None, tolerance: float | None, times_excluded: str
) -> MetricVerdict:
    """Returns the verdict of one metric before the correction of its p-value."""
    why = _reason_not_compared(tonight, before, times_excluded)
    if before is None or why:
        return MetricVerdict(metric=tonight.metric, direction=tonight.direction, change=Change.NOT_COMPARED, why=why)
    mean, was = mean_of(tonight.values), mean_of(before.values)
    part = WALL_CLOCK_TOLERANCE if tonight.wall_clock else OBJECTIVE_TOLERANCE
    return MetricVerdict(
        metric=tonight.metric,
        direction=tonight.direction,
        change=Change.UNCHANGED,
        reference=was,
        tonight=mean,
        worse_by=-tonight.direction.sign * (mean - was),
        tolerance=abs(was) * part if tolerance is None else tolerance,
        p_value=rank_sum_p(tonight.values, before.values),
    )


def _decided(metric: MetricVerdict) -> MetricVerdict:
    assert metric.worse_by is not None and metric.tolerance is not None and metric.corrected_p is not None
    if metric.corrected_p > 2 * FALSE_ALARMS or abs(metric.worse_by) <= metric.tolerance:
        return metric
    change = Change.REGRESSION if metric.worse_by > 0 else Change.IMPROVEMENT
    return metric.model_copy(update={"change": change})


def _with_interval(verdict: MetricVerdict, tonight: Measured, before: Measured) -> MetricVerdict:
    found = difference_interval(tonight.values, before.values, seed=0)
    if found is None:
        return verdict
    low, high = found if tonight.direction is Direction.MINIMIZE else (-found[1], -found[0])
    return verdict.model_copy(update={"interval": (low, high)})


def _reason_not_compared(tonight: Measured, before: Measured | None, times_excluded: str) -> str:
    if before is None:
        return "the reference does not have it"
    if tonight.wall_clock and times_excluded:
        return times_excluded
    if not tonight.values or not before.values:
        return "it was not measured" if not tonight.values else "the reference has no values"
    least = smallest_rank_sum_p(len(tonight.values), len(before.values))
    if least > FALSE_ALARMS:
        return f"not enough seeds: {len(tonight.values)} and {len(before.values)} values cannot be told apart"
    return ""


def _check(tolerances: Tolerances, measurements: Measurements) -> None:
    known = [each.metric for each in measurements.metrics]
    for metric, tolerance in tolerances.items():
        if metric not in known:
            raise ConfigError(f"--tolerance {metric}: is not compared{did_you_mean(metric, known)}; {', '.join(known)}")
        if not tolerance >= 0:
            raise ConfigError(f"--tolerance {metric}: must be >= 0, but got {tolerance}")
