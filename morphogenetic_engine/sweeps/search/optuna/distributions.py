"""Converts the search space and the trial records to and from Optuna's distributions and trials."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from datetime import datetime

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.objective import Direction, Objective, OutcomeLimits, excesses_of
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params, Value

_LONG_AGO = datetime(2000, 1, 1)
"""The time of every trial: Optuna requires one, and no decision may depend on it."""
_STATES = {
    TrialState.COMPLETE: optuna.trial.TrialState.COMPLETE,
    TrialState.PRUNED: optuna.trial.TrialState.PRUNED,
    TrialState.FAILED: optuna.trial.TrialState.FAIL,
}
_UNIT = FloatDistribution(0.0, 1.0)
"""The distribution of the unit numbers of an axis whose own distribution Optuna does not know."""
_CONSTRAINT = "constraints"
"""The prefix of the attributes that Optuna's `Trial.set_constraint` writes."""
_DIRECTIONS = {
    Direction.MAXIMIZE: optuna.study.StudyDirection.MAXIMIZE,
    Direction.MINIMIZE: optuna.study.StudyDirection.MINIMIZE,
}


def distribution_of(axis: Parameter) -> BaseDistribution:
    """Returns Optuna's distribution of an axis's values, without what Optuna has not: priors, steps in a logarithm."""
    match axis:
        case Choices():
            return CategoricalDistribution(axis.values)
        case IntRange():
            step = 1 if axis.log else axis.step
            return IntDistribution(axis.low, axis.at(axis.size - 1), log=axis.log, step=step)
        case FloatRange():
            highest = axis.high if axis.size is None else axis.at(axis.size - 1)
            return FloatDistribution(axis.low, highest, log=axis.log, step=None if axis.log else axis.step)


def distributions_of(space: Space, params: Params, *, searched: bool = False) -> dict[str, BaseDistribution]:
    """Returns the distributions of the axes that a trial has values for, as they are or as samplers search them."""
    axes = {name: axis for name, axis in space.axes.items() if name in params}
    return {name: _UNIT if searched and _by_unit(axis) else distribution_of(axis) for name, axis in axes.items()}


def _by_unit(axis: Parameter) -> bool:
    return not isinstance(axis, Choices) and axis.reshaped


def _values(space: Space, params: Params, *, searched: bool) -> dict[str, Value]:
    """Returns the searched parameters of a trial, as they are or as samplers search them."""
    found = ((name, space.axes[name], value) for name, value in params.items() if name in space.axes)
    return {name: axis.to_unit(value) if searched and _by_unit(axis) else value for name, axis, value in found}


def suggest(trial: optuna.Trial, name: str, axis: Parameter) -> Value:
    """Asks Optuna for a value; numbers with a step are returned exactly as the search space has them."""
    match axis:
        case Choices():
            drawn = trial.suggest_categorical(name, axis.values)
            return next(value for value in axis.values if value == drawn)
        case _ if axis.reshaped:
            return axis.from_unit(min(trial.suggest_float(name, _UNIT.low, _UNIT.high), math.nextafter(1, 0)))
        case IntRange():
            return trial.suggest_int(name, axis.low, axis.at(axis.size - 1), log=axis.log, step=axis.step)
        case FloatRange():
            highest = axis.high if axis.size is None else axis.at(axis.size - 1)
            value = trial.suggest_float(name, axis.low, highest, log=axis.log, step=axis.step)
            return value if axis.step is None else axis.at(round((value - axis.low) / axis.step))


def frozen_trial(
    record: TrialRecord,
    space: Space,
    objectives: Sequence[Objective],
    *,
    searched: bool = False,
    limits: OutcomeLimits | None = None,
) -> FrozenTrial:
    """Converts an ended trial to a FrozenTrial, with its values as they are or as samplers search them.

    A pruned trial's value is the last one that it reported, as in Optuna's own loop.
    """
    target = objectives[0].metric
    reported = {step: metrics[target] for step, metrics in sorted(record.curve.items()) if target in metrics}
    values = None
    if record.state is TrialState.COMPLETE:
        values = [record.metrics[objective.metric] for objective in objectives]
    elif record.state is TrialState.PRUNED and reported and len(objectives) == 1:
        values = [list(reported.values())[-1]]
    params = _values(space, record.params, searched=searched)
    return FrozenTrial(
        number=record.number,
        trial_id=record.number,
        state=_STATES[record.state],
        value=None,
        values=values,
        datetime_start=_LONG_AGO,
        datetime_complete=_LONG_AGO,
        params=params,
        distributions=distributions_of(space, params, searched=searched),
        user_attrs={},
        system_attrs=constraint_attributes(record, limits or {}),
        intermediate_values=reported if len(objectives) == 1 else {},
    )


def constraint_attributes(record: TrialRecord, limits: OutcomeLimits) -> dict[str, float]:
    """Returns the attributes in which Optuna's samplers find how far a trial is beyond its outcome constraints."""
    if record.state is TrialState.FAILED:
        return {}
    return {f"{_CONSTRAINT}:{name}": excess for name, excess in excesses_of(limits, record.metrics).items()}


def running_trial(number: int, params: Params, space: Space, *, searched: bool = False) -> FrozenTrial:
    """Builds the FrozenTrial of a trial that runs, or is treated as running."""
    values = _values(space, params, searched=searched)
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=optuna.trial.TrialState.RUNNING,
        value=None,
        datetime_start=_LONG_AGO,
        datetime_complete=None,
        params=values,
        distributions=distributions_of(space, values, searched=searched),
        user_attrs={},
        system_attrs={},
        intermediate_values={},
    )


def directions_of(objectives: Sequence[Objective]) -> list[optuna.study.StudyDirection]:
    """Returns Optuna's directions."""
    return [_DIRECTIONS[objective.direction] for objective in objectives]


def new_study(
    sampler: optuna.samplers.BaseSampler,
    pruner: optuna.pruners.BasePruner,
    objectives: Sequence[Objective],
    storage: optuna.storages.BaseStorage | None = None,
) -> optuna.Study:
    """Returns a study in memory; all have the same name, from which Hyperband draws its brackets."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name="sweep",
        sampler=sampler,
        pruner=pruner,
        directions=directions_of(objectives),
    )


def quietly() -> warnings.catch_warnings:
    """Returns a context without Optuna's warnings about experimental classes."""
    return warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning)
