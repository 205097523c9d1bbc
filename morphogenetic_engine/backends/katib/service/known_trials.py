"""Rebuilds the state of a sweep from a request: the trials that Katib tells of, as records of a local sweep."""

from __future__ import annotations

import math

from morphogenetic_engine.backends.katib.render.exact_values import exact_trial
from morphogenetic_engine.backends.katib.render.numbered_names import number_in
from morphogenetic_engine.backends.katib.render.sent_course import sends_curves
from morphogenetic_engine.backends.katib.service.request import Condition, Request, Trial
from morphogenetic_engine.errors import ConfigError, FailureReason, SweepError
from morphogenetic_engine.metric_names import decoded
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.single_trial.sent_curve import (
    CURVE_METRIC,
    STEPS_METRIC,
    SentCurve,
    curve_of_digits,
)


def known_trials(config: SweepConfig, request: Request, namespace: str) -> dict[int, TrialRecord]:
    """Returns the trials of a request by their numbers; those of other Experiments are left out.

    Raises:
        ConfigError: a trial has values that are none of the sweep.
    """
    found: dict[int, TrialRecord] = {}
    for trial in request.trials:
        number = number_in(trial.name, request.experiment.name, namespace)
        if number is not None:
            found[number] = trial_record(config, number, trial)
    return found


def trial_record(config: SweepConfig, number: int, trial: Trial) -> TrialRecord:
    """Returns one trial of a request as the record of a local sweep.

    Raises:
        ConfigError: it has values that are none of the sweep.
    """
    planned = exact_trial(config, number, trial.assignments)
    record = TrialRecord(number, planned.seed, planned.params, _state(config, trial), parent=planned.parent)
    if record.state is TrialState.FAILED:
        record.reason = FailureReason.EXCEPTION
        return record
    record.metrics = _numbers(trial)
    sent = sent_curve(config, trial)
    if sent is not None and record.state.final:
        record.state, record.curve = sent.state, dict(sent.curve)
    return record


def sent_curve(config: SweepConfig, trial: Trial) -> SentCurve | None:
    """Returns what a trial tells of its reports; None: it has not ended well, or there is nothing to tell."""
    written = trial.metrics.get(CURVE_METRIC)
    if written is None or not sends_curves(config):
        return None
    try:
        return curve_of_digits(written, [objective.metric for objective in config.optimization.all_objectives])
    except SweepError as error:
        raise ConfigError(f"{trial.name}: {error}") from error


def _state(config: SweepConfig, trial: Trial) -> TrialState:
    """Returns the state that the trial has in a local sweep, where one without all required metrics has failed."""
    condition = trial.status.condition
    if not condition.ended:
        return TrialState.RUNNING
    required = set(config.optimization.required_metrics)
    if condition in {Condition.SUCCEEDED, Condition.EARLYSTOPPED} and required <= _numbers(trial).keys():
        return TrialState.COMPLETE if condition is Condition.SUCCEEDED else TrialState.PRUNED
    return TrialState.FAILED


def _numbers(trial: Trial) -> dict[str, float]:
    """Returns the metrics that are finite numbers; Katib writes "unavailable" for one that was not reported."""
    found: dict[str, float] = {}
    for name, written in trial.metrics.items():
        if name in {STEPS_METRIC, CURVE_METRIC}:
            continue
        try:
            value = float(written)
        except ValueError:
            continue
        if math.isfinite(value):
            found[decoded(name)] = value
    return found
