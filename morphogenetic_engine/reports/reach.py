"""Values so large that sums and differences of a few of them are no numbers any more.

A loss that explodes may come near the largest float. Reports compute with values up to about REACH, which leaves room
for the sum of millions of them; what lies beyond is drawn in, and keeps its order. CSV and Parquet have the raw values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import copysign, log10
from itertools import chain

from morphogenetic_engine.sweeps.results import SweepResult, TrialRecord
from morphogenetic_engine.trial import Metrics

REACH = 1e300
DRAWN_IN = f"Values beyond {REACH:g} are shown smaller than they are."


def within_reach(result: SweepResult) -> SweepResult:
    """Return a sweep with no metric far beyond REACH: nearly always the one that was given."""
    far = {trial.number for trial in result.trials if any(map(_is_far, _values(trial)))}
    if not far:
        return result
    return replace(result, trials=[_drawn_in(trial) if trial.number in far else trial for trial in result.trials])


def _is_far(value: float) -> bool:
    return abs(value) > REACH


def _values(trial: TrialRecord) -> Iterator[float]:
    maps = chain(
        (trial.metrics,),
        trial.curve.values(),
        (each.metrics for each in trial.replicates.values()),
        (metrics for each in trial.replicates.values() for metrics in each.curve.values()),
        (each.metrics for each in trial.confirmations.values()),
    )
    return chain.from_iterable(metrics.values() for metrics in maps)


def _drawn_in(trial: TrialRecord) -> TrialRecord:
    return replace(
        trial,
        metrics=_near(trial.metrics),
        curve=_curve(trial.curve),
        replicates={
            number: replace(each, metrics=_near(each.metrics), curve=_curve(each.curve))
            for number, each in trial.replicates.items()
        },
        confirmations={
            number: replace(each, metrics=_near(each.metrics)) for number, each in trial.confirmations.items()
        },
    )


def _near(metrics: Metrics) -> Metrics:
    return {name: _nearer(value) if _is_far(value) else value for name, value in metrics.items()}


def _nearer(value: float) -> float:
    """Return a value between one and ten times REACH; a larger one for a larger one."""
    return copysign(REACH * (1 + log10(abs(value) / REACH)), value)


def _curve(curve: Mapping[int, Metrics]) -> dict[int, Metrics]:
    return {step: _near(metrics) for step, metrics in curve.items()}
