"""Assigns the values of a trial as texts that give the very same values back.

Katib keeps texts as they are and does not compare them with the feasible space, so numbers travel with all digits. It
wants a value of every parameter: one whose condition does not hold gets a value that the trial leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping

from morphogenetic_engine.backends.katib.render.assignments import TRIAL_NUMBER, choice_of, choice_text
from morphogenetic_engine.backends.katib.render.search_space import KatibParameter, shown_parameter
from morphogenetic_engine.backends.katib.render.sent_course import NOTHING, assigned_parent, course_parameters
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, IntRange, Parameter
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.trial import Params, Value, text


def exact_parameters(config: SweepConfig) -> list[KatibParameter]:
    """Returns the axes with more than one value, as Katib's pages show them; at least one parameter."""
    shown = [shown_parameter(name, axis) for name, axis in _axes(config).items()]
    searched = shown or [KatibParameter(TRIAL_NUMBER, "int", {"min": "0", "max": str(2**31 - 1)})]
    return [*searched, *course_parameters(config)]


def exact_assignments(
    config: SweepConfig, number: int, params: Params, course: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Returns the texts of a trial's values, one for each parameter of the Experiment; `course` is how far it runs."""
    axes = _axes(config)
    values = {name: _written(axis, params.get(name)) for name, axis in axes.items()} or {TRIAL_NUMBER: str(number)}
    return values | {each.name: (course or {}).get(each.name, NOTHING) for each in course_parameters(config)}


def params_of_exact(config: SweepConfig, assignments: Mapping[str, str]) -> dict[str, Value]:
    """Returns all parameters of the trial that has these assignments.

    Raises:
        ConfigError: they belong to another sweep.
    """
    values: list[Value] = []
    for name, axis in config.space.axes.items():
        if axis.size == 1:
            values.append(axis.grid()[0])
        elif name not in assignments:
            raise ConfigError(f"{name}: Katib assigned no value")
        else:
            values.append(_value(name, axis, assignments[name]))
    return {**config.space.fixed, **config.space.active(values)}


def exact_trial(config: SweepConfig, number: int, assignments: Mapping[str, str]) -> PlannedTrial:
    """Returns the trial that the service suggested: its number comes with its name, its seed as in a local sweep.

    A trial that goes on from another one has the seed of the first of its line.

    Raises:
        ConfigError: the assignments belong to another sweep.
    """
    parent = assigned_parent(assignments)
    seed = trial_seed(config.optimization.seed, number if parent is None else parent.root)
    params = params_of_exact(config, assignments)
    return PlannedTrial(number, seed, params, parent=None if parent is None else parent.trial)


def _axes(config: SweepConfig) -> dict[str, Parameter]:
    return {name: axis for name, axis in config.space.axes.items() if axis.size != 1}


def _written(axis: Parameter, value: Value | None) -> str:
    """Returns the text of a value; None: the trial has no such parameter."""
    if isinstance(axis, Choices):
        return choice_text(axis.values[0] if value is None else value)
    return text(axis.low if value is None else value)


def _value(name: str, axis: Parameter, written: str) -> Value:
    try:
        match axis:
            case Choices():
                return choice_of(axis, written)
            case IntRange():
                return int(written)
            case _:
                return float(written)
    except (ValueError, ConfigError) as error:
        raise ConfigError(f"{name}: {error}") from error
