"""Rebuilds the state of a sweep from a request: the trials that Katib tells of, as records of a local sweep."""

from __future__ import annotations

import math

from morphogenetic_engine.backends.katib.render.exact_values import params_of_exact
from morphogenetic_engine.backends.katib.render.numbered_names import number_in
from morphogenetic_engine.backends.katib.service.request import Condition, Request, Trial
from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.metric_names import decoded
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.space.seeds import trial_seed


def known_trials(config: SweepConfig, request: Request, namespace: str) -> dict[int, TrialRecord]:
    """Returns the trials of a request by their numbers; those of other Experiments are left out.

    Raises:
        ConfigError: a trial has values that are none of the sweep.
    """
    found: dict[int, TrialRecord] = {}
    for trial in request.trials:
        number = number_in(trial.name, request.experiment.name, namespace)
        if number is not None:
            found[number] = _record(config, number, trial)
    return found


def _record(config: SweepConfig, number: int, trial: Trial) -> TrialRecord:
    state = _state(config, trial)
    return TrialRecord(
        number,
        trial_seed(config.optimization.seed, number),
        params_of_exact(config, trial.assignments),
        state,
        reason=FailureReason.EXCEPTION if state is TrialState.FAILED else None,
        metrics={} if state is TrialState.FAILED else _numbers(trial),
    )


def _state(config: SweepConfig, trial: Trial) -> TrialState:
    """Returns the state that the trial has in a local sweep, where one without all its objectives has failed."""
    condition = trial.status.condition
    if not condition.ended:
        return TrialState.RUNNING
    objectives = {objective.metric for objective in config.optimization.all_objectives}
    if condition in {Condition.SUCCEEDED, Condition.EARLYSTOPPED} and objectives <= _numbers(trial).keys():
        return TrialState.COMPLETE if condition is Condition.SUCCEEDED else TrialState.PRUNED
    return TrialState.FAILED


def _numbers(trial: Trial) -> dict[str, float]:
    """Returns the metrics that are finite numbers; Katib writes "unavailable" for one that was not reported."""
    found: dict[str, float] = {}
    for name, written in trial.metrics.items():
        try:
            value = float(written)
        except ValueError:
            continue
        if math.isfinite(value):
            found[decoded(name)] = value
    return found
