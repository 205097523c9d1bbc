"""The rungs of a sweep: who reached them, who went on, and how well they rank configurations by their final results.

The rank correlation is Spearman's between the objective at a rung and at the end, of the trials that were trained to
the end, and at the next rung, of those that reached it. These are the best of the rungs below, so the correlation of
all configurations is rather higher.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morphogenetic_engine.reports.stats.ranks import ranks_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord, counted_steps
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.halving_plan import LEAST_REPORTS, HalvingPlan

FEWEST = 8
"""Complete trials without which a rank correlation says nothing."""
TRUSTED = 0.5
"""The lower end of the interval from which a rung is trusted to rank configurations."""
_Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's correlation of two series, with its 95 % interval."""

    pairs: int
    rho: float | None
    """None: there are too few pairs, or all values of a series are equal."""
    low: float | None = None
    high: float | None = None

    @property
    def is_trusted(self) -> bool:
        return self.low is not None and self.low >= TRUSTED


@dataclass(frozen=True)
class RungNumbers:
    """One rung."""

    reports: int
    """The reports after which trials are compared; at the last rung, those of a full training."""
    reached: int
    went_on: int
    stopped: int
    failed: int
    """Trials that failed on the way to it."""
    threshold: float | None
    """The worst objective that went on; None: none did."""
    correlation: RankCorrelation
    """Of the objective here and at the end."""
    with_next: RankCorrelation
    """Of the objective here and at the next rung."""


@dataclass(frozen=True)
class StoppedTrial:
    """A trial that was not promoted."""

    number: int
    rung: int
    """From 0."""
    value: float
    reason: str


@dataclass(frozen=True)
class Rungs:
    """The rungs of a sweep, and what they would be in one that has none."""

    halving: bool
    """False: every trial was trained to its end; the numbers tell whether halving could be trusted."""
    full: int
    """The reports of a full training."""
    rungs: tuple[RungNumbers, ...]
    stopped: tuple[StoppedTrial, ...]
    steps: int
    """Steps that were reported."""
    repeated: int
    """Steps that were reported again, because a workload did not go on from a checkpoint."""
    suggested: int | None
    """The lowest first rung that can be trusted; None: none of them can, or there are too few trials to say."""
    enough: bool
    """False: there are too few complete trials to suggest a first rung."""


def rungs_of_sweep(result: SweepResult) -> Rungs | None:
    """Returns the rungs of a sweep; None: it has none, and too few complete trials to tell what they would be."""
    config, metrics = result.config, [each.metric for each in result.config.optimization.all_objectives]
    target = config.optimization.target_metric
    courses = [course for trial in result.complete if (course := _course(trial, metrics, target)).values]
    if config.optimization.strategy == "pbt":
        return None
    halving = config.optimization.strategy is not None
    if not courses or config.experiment.replicates > 1 or (not halving and len(courses) < FEWEST):
        return None
    full = config.optimization.halving.full or round(statistics.median(len(course.values) for course in courses))
    plan = config.optimization.halving.plan(len(result.trials), full, learns=config.brackets_learn)
    if plan.top == 0:
        return None
    pairs_of = {reports: _pairs(courses, reports) for reports in {*plan.rungs, *range(1, full)}}
    suggested = _suggested(full, {reports: rank_correlation(pairs) for reports, pairs in pairs_of.items()})
    return Rungs(
        halving,
        full,
        tuple(
            _rung(place, plan, result, rank_correlation(pairs_of[plan.rungs[place]])) for place in range(plan.top + 1)
        ),
        tuple(_stopped(result)),
        result.steps,
        sum(trial.repeated for trial in result.trials),
        suggested,
        len(courses) >= FEWEST,
    )


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> RankCorrelation:
    """Returns Spearman's rank correlation with its interval.

    By Fisher's transformation with the standard error of Bonett and Wright, Psychometrika 65 (2000).
    """
    if len(pairs) < FEWEST:
        return RankCorrelation(len(pairs), None)
    one_N, other_N = ranks_of([first for first, _ in pairs]), ranks_of([last for _, last in pairs])
    if np.ptp(one_N) == 0 or np.ptp(other_N) == 0:
        return RankCorrelation(len(pairs), None)
    rho = float(np.clip(np.corrcoef(one_N, other_N)[0, 1], -1, 1))
    if abs(rho) > 1 - 1e-12:
        return RankCorrelation(len(pairs), math.copysign(1.0, rho), math.copysign(1.0, rho), math.copysign(1.0, rho))
    half = _Z * math.sqrt((1 + rho**2 / 2) / (len(pairs) - 3))
    return RankCorrelation(len(pairs), rho, math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half))


@dataclass(frozen=True)
class _Course:
    """The objective of a complete trial: at each counted report, and at its end."""

    values: Sequence[float]
    end: float


def _course(trial: TrialRecord, metrics: Sequence[str], target: str) -> _Course:
    return _Course([trial.curve[step][target] for step in counted_steps(trial, metrics)], trial.metrics[target])


def _pairs(courses: Sequence[_Course], reports: int) -> list[tuple[float, float]]:
    """Returns the objective after some reports and at the end, of each trial that is so long."""
    return [(course.values[reports - 1], course.end) for course in courses if len(course.values) >= reports]


def _suggested(full: int, correlations: dict[int, RankCorrelation]) -> int | None:
    """Returns the fewest reports from which on all correlations are trusted."""
    suggested = None
    for reports in range(full - 1, LEAST_REPORTS - 1, -1):
        if not correlations[reports].is_trusted:
            break
        suggested = reports
    return suggested


def _rung(place: int, plan: HalvingPlan, result: SweepResult, correlation: RankCorrelation) -> RungNumbers:
    paused = [trial for trial in result.trials if len(trial.pauses) > place]
    went_on = [trial for trial in paused if trial.rung > place]
    complete = list(result.complete)
    optimization = result.config.optimization
    values = [trial.pauses[place].metrics[optimization.target_metric] for trial in went_on]
    worst = max if optimization.direction == "minimize" else min
    failed = [trial for trial in result.trials if trial.state is TrialState.FAILED and len(trial.pauses) == place]
    last = place == plan.top
    return RungNumbers(
        plan.rungs[place],
        len(complete) if last or optimization.strategy is None else len(paused),
        0 if last else len(went_on),
        sum(trial.state is TrialState.PRUNED and trial.rung == place for trial in paused),
        len(failed),
        worst(values, default=None),
        correlation,
        rank_correlation(_pairs_of_rungs(went_on, place, optimization.target_metric)),
    )


def _pairs_of_rungs(went_on: Sequence[TrialRecord], place: int, target: str) -> list[tuple[float, float]]:
    """Returns the objective at a rung and at the next one, of the trials that reached both."""
    found = []
    for trial in went_on:
        here = trial.pauses[place].metrics[target]
        if len(trial.pauses) > place + 1:
            found.append((here, trial.pauses[place + 1].metrics[target]))
        elif trial.state is TrialState.COMPLETE:
            found.append((here, trial.metrics[target]))
    return found


def _stopped(result: SweepResult) -> list[StoppedTrial]:
    target = result.config.optimization.target_metric
    pruned = [trial for trial in result.trials if trial.state is TrialState.PRUNED and trial.pauses]
    return [StoppedTrial(each.number, each.rung, each.pauses[-1].metrics[target], each.message) for each in pruned]
