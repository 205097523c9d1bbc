"""Computes the expected trials of a study, and their differences to the existing ones. Pure: no access to a storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.objective import Objective
from morphogenetic_engine.sweeps.search.optuna.distributions import constraint_attributes, frozen_trial, running_trial

SWEEP_ATTR = "sweep_id"
TRIAL_ATTR = "trial"
_CLOCK = timedelta(seconds=1)
"""Databases keep times to the second, or better."""
_STEPS = range(-(2**31), 2**31)
"""Steps that databases can keep."""

Attrs = Mapping[str, object]
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Lacking:
    """The missing parts of a trial in a study."""

    attrs: Attrs
    constraints: Mapping[str, float]
    """Its distance beyond each outcome constraint."""
    steps: Mapping[int, float]
    state: bool
    """True if its state in the study differs."""
    times: bool
    """True if its times in the study differ."""

    def __bool__(self) -> bool:
        return bool(self.attrs or self.constraints or self.steps or self.state or self.times)


def trial_of(record: TrialRecord, config: SweepConfig, sweep_id: str, *, abandoned: bool = False) -> FrozenTrial:
    """Returns a trial as the study should hold it.

    `abandoned`: no process runs the sweep any more, so a running trial is stored as waiting.
    """
    objectives, space = config.optimization.all_objectives, config.space
    if record.state.final:
        trial = frozen_trial(record, space, objectives)
        trial.datetime_complete = datetime.fromtimestamp(record.started + record.duration)
    else:
        trial = running_trial(record.number, record.params, space)
        runs = record.state is TrialState.RUNNING and not abandoned
        trial.state = OptunaState.RUNNING if runs else OptunaState.WAITING
    trial.datetime_start = datetime.fromtimestamp(record.started)
    trial.intermediate_values = _steps(record, objectives)
    trial.user_attrs = _attrs(record, objectives, sweep_id)
    if record.state is TrialState.COMPLETE:
        trial.system_attrs = dict(constraint_attributes(record, config.optimization.outcome_constraints))
    return trial


def lacking(wanted: FrozenTrial, found: FrozenTrial) -> Lacking:
    """Returns the differences to write to a trial of the study."""
    return Lacking(
        attrs=_new(wanted.user_attrs, found.user_attrs),
        constraints=_new(wanted.system_attrs, found.system_attrs),
        steps=_new(wanted.intermediate_values, found.intermediate_values),
        state=wanted.state != found.state,
        times=_far(wanted.datetime_start, found.datetime_start)
        or _far(wanted.datetime_complete, found.datetime_complete),
    )


def is_stuck(wanted: FrozenTrial, found: FrozenTrial) -> bool:
    """Returns True if Optuna cannot change a trial as required: of an ended trial, it changes only the times."""
    if wanted.params != found.params:
        return True
    missing = lacking(wanted, found)
    ended_otherwise = missing.attrs or missing.steps or missing.state or wanted.values != found.values
    return found.state.is_finished() and bool(ended_otherwise)


def in_disorder(trials: Iterable[FrozenTrial]) -> bool:
    """Returns whether a trial has another number in the study than in the sweep: a creation was answered too late."""
    return any(trial.user_attrs.get(TRIAL_ATTR) != trial.number for trial in trials)


def _steps(record: TrialRecord, objectives: Sequence[Objective]) -> dict[int, float]:
    """Returns the objective by step; Optuna has no intermediate values for several objectives."""
    if len(objectives) > 1:
        return {}
    target = objectives[0].metric
    curve = sorted(record.curve.items())
    return {step: metrics[target] for step, metrics in curve if target in metrics and step in _STEPS}


def _attrs(record: TrialRecord, objectives: Sequence[Objective], sweep_id: str) -> dict[str, object]:
    shown = {objective.metric for objective in objectives}
    attrs: dict[str, object] = {name: value for name, value in record.metrics.items() if name not in shown}
    attrs |= {SWEEP_ATTR: sweep_id, TRIAL_ATTR: record.number, "seed": record.seed, "attempt": record.attempt}
    if record.state.final and record.reason is not None:
        attrs["reason"] = record.reason.value
    if record.state.final and record.message:
        attrs["message"] = record.message
    return attrs


def _new(wanted: Mapping[Key, Value], found: Mapping[Key, Value]) -> dict[Key, Value]:
    return {key: value for key, value in wanted.items() if key not in found or found[key] != value}


def _far(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > _CLOCK
