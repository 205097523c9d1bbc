"""Computes the thresholds of Optuna's pruners for one trial from the ended trials that it may depend on.

Where Optuna compares with what is there at the time of a report, the thresholds are those of the trials that the
trial's suggestion saw; with one trial after the other, the decisions are Optuna's.
"""

# pylint: disable=protected-access  # the settings of Optuna's pruners have no public names
from __future__ import annotations

import math
from binascii import crc32
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    WilcoxonPruner,
)

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.search.pruners.thresholds import (
    CurveThresholds,
    RungThresholds,
    StepThresholds,
    Thresholds,
)

STUDY = "sweep"
"""Optuna draws Hyperband's brackets from the study's name."""


@dataclass(frozen=True)
class EndedTrial:
    """The values that pruners compare with."""

    number: int
    value: float | None
    """None: it was pruned."""
    curve: Mapping[int, float]
    """Its reports, by step in ascending order."""
    rungs: Sequence[float] = ()
    """The values with which it reached rungs, for pruners that have rungs."""


def thresholds_of(pruner: BasePruner, number: int, ended: Sequence[EndedTrial], maximize: bool) -> Thresholds:
    """Returns the thresholds of a trial.

    Raises:
        ConfigError: a pruner of another kind.
    """
    complete = [trial for trial in ended if trial.value is not None]
    match pruner:
        case PercentilePruner():
            return _steps(pruner, complete, maximize)
        case PatientPruner(_wrapped_pruner=PercentilePruner() as wrapped):
            patience, delta = pruner._patience, pruner._min_delta
            return replace(_steps(wrapped, complete, maximize), patience=patience, min_delta=delta)
        case SuccessiveHalvingPruner():
            return _rungs(pruner, ended, complete, maximize)
        case HyperbandPruner():
            return _bracket(pruner, number, ended, maximize)
        case WilcoxonPruner():
            best = _best(complete, maximize)
            curve = {} if best is None else best.curve
            return CurveThresholds(maximize, curve, pruner._p_threshold, pruner._n_startup_steps)
    raise ConfigError(f"optimization.pruner: {type(pruner).__name__} has no thresholds; register it as a Pruner")


def never(maximize: bool) -> StepThresholds:
    """Returns thresholds that stop nothing."""
    return StepThresholds(maximize, {})


def _steps(pruner: PercentilePruner, complete: Sequence[EndedTrial], maximize: bool) -> StepThresholds:
    if len(complete) < max(1, pruner._n_startup_trials):
        return never(maximize)
    reported: dict[int, list[float]] = {}
    for trial in complete:
        for step, value in trial.curve.items():
            if step >= pruner._n_warmup_steps:
                reported.setdefault(step, []).append(value)
    enough = {step: values for step, values in sorted(reported.items()) if len(values) >= pruner._n_min_trials}
    percentile = 100 - pruner._percentile if maximize else pruner._percentile
    limits = _percentiles(enough, percentile)
    return StepThresholds(maximize, limits, pruner._n_warmup_steps, pruner._interval_steps)


def _percentiles(values: Mapping[int, Sequence[float]], percentile: float) -> dict[int, float]:
    """Returns the percentile at each step, computed at once for all steps with as many values."""
    found: dict[int, float] = {}
    for size in {len(each) for each in values.values()}:
        steps = [step for step, each in values.items() if len(each) == size]
        limits = np.percentile(np.array([values[step] for step in steps], dtype=float), percentile, axis=1)
        found.update(zip(steps, limits.tolist(), strict=True))
    return {step: found[step] for step in values}


def _rungs(
    pruner: SuccessiveHalvingPruner, ended: Iterable[EndedTrial], complete: Iterable[EndedTrial], maximize: bool
) -> Thresholds:
    first = pruner._min_resource
    if first is None:
        last = [max(trial.curve) for trial in complete if trial.curve]
        if not last:
            return never(maximize)
        first = max(max(last) // 100, 1)
    eta, fewest = pruner._reduction_factor, pruner._bootstrap_count
    curves = [trial.rungs for trial in ended]
    highest = max(map(len, curves), default=0)
    reached = [[each[rung] for each in curves if len(each) > rung] for rung in range(highest)]
    limits = tuple(_rung_limit(values, eta, fewest, maximize) for values in reached)
    beyond = _rung_limit([], eta, fewest, maximize)
    return RungThresholds(maximize, first * eta**pruner._min_early_stopping_rate, eta, limits, beyond)


def _rung_limit(others: Sequence[float], eta: int, fewest: int, maximize: bool) -> float:
    """Returns the worst value that goes on from a rung that others have reached."""
    worst = -math.inf if maximize else math.inf
    members = len(others) + 1
    if members <= fewest:
        return -worst  # no value goes on
    place = max(members // eta, 1) - 1
    return sorted(others, reverse=maximize)[place] if place < len(others) else worst


def _bracket(pruner: HyperbandPruner, number: int, ended: Sequence[EndedTrial], maximize: bool) -> Thresholds:
    """Returns the thresholds of the trial's bracket."""
    longest = pruner._max_resource
    if not isinstance(longest, int):
        last = [max(trial.curve) for trial in ended if trial.value is not None and trial.curve]
        if not last:
            return never(maximize)
        longest = max(last) + 1
    least, eta = pruner._min_resource, pruner._reduction_factor
    brackets = math.floor(math.log(longest / least, eta)) + 1
    budgets = [math.ceil(brackets * eta**left / (left + 1)) for left in reversed(range(brackets))]
    own = _bracket_of(number, budgets)
    same = [trial for trial in ended if _bracket_of(trial.number, budgets) == own]
    halving = SuccessiveHalvingPruner(least, eta, own, pruner._bootstrap_count)
    return _rungs(halving, same, (), maximize)


def _bracket_of(number: int, budgets: Sequence[int]) -> int:
    left = crc32(f"{STUDY}_{number}".encode()) % sum(budgets)
    for bracket, budget in enumerate(budgets):
        left -= budget
        if left < 0:
            return bracket
    raise AssertionError("the remainder is smaller than the sum of the budgets")


def _best(complete: Iterable[EndedTrial], maximize: bool) -> EndedTrial | None:
    """Returns the best complete trial; of equals, the first."""
    best: EndedTrial | None = None
    for trial in complete:
        assert trial.value is not None
        if best is None or best.value is None or (trial.value > best.value if maximize else trial.value < best.value):
            best = trial
    return best
