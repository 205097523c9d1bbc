"""Converts an axis of a sweep to a parameter of Katib, and the string that Katib assigns back to a value.

Katib's algorithms treat steps, logarithms and integers differently. If one of them would not search what the sweep
file specifies, the parameter is written in another form, whose name tells the trial how to convert it back:

    lr            the value itself
    log10.lr      the decimal logarithm of the value
    index.lr      the index of the value among its steps, from 0
    exp10.lr      10 to the power of the relative position between low and high, 1 to 10
    unit.lr       the share of the value's distribution below it, 0 to 1
    trial.number  the number of a trial of a sweep whose points are fixed in advance

    A sweep with a group of parameters that is called as a form is refused, so the forms are unambiguous.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import quote

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial, trial_of_number, trial_of_point
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.trial import Value, text

LOG10 = "log10."
INDEX = "index."
EXP10 = "exp10."
UNIT = "unit."
FORMS = (LOG10, INDEX, EXP10, UNIT)
TRIAL_NUMBER = "trial.number"
_SAFE = " !()*+,-./:;=?@_~"
_EMPTY = "%"
_ROUNDING = 1e-9


def choice_text(value: Value) -> str:
    """Returns the text of a choice, percent-encoded where Katib's text replacement or a shell would change it."""
    return quote(text(value), safe=_SAFE) or _EMPTY


def trial_of_assignments(config: SweepConfig, assignments: Mapping[str, str]) -> PlannedTrial:
    """Returns the trial that Katib's parameter assignments describe.

    Raises:
        ConfigError: they belong to another sweep, or are not values of its axes.
    """
    if TRIAL_NUMBER in assignments:
        return trial_of_number(config, _number(TRIAL_NUMBER, assignments[TRIAL_NUMBER]))
    left = set(assignments)
    values: list[Value] = []
    for name, axis in config.space.axes.items():
        form = next((form for form in (name, *(prefix + name for prefix in FORMS)) if form in left), None)
        if form is not None:
            left.remove(form)
            values.append(_value(name, axis, form, assignments))
        elif axis.size == 1:
            values.append(axis.grid()[0])  # a constant, which is not passed to Katib
        else:
            raise ConfigError(f"{name}: Katib assigned no value")
    if left:
        raise ConfigError(f"{min(left)}: is not searched; the axes are {', '.join(config.space.axes)}")
    return trial_of_point(config, config.space.active(values))


def _value(name: str, axis: Parameter, form: str, assignments: Mapping[str, str]) -> Value:
    written = assignments[form]
    try:
        match axis:
            case Choices():
                return choice_of(axis, written)
            case _ if form == INDEX + name:
                return _at(axis, written)
            case _ if form == EXP10 + name:
                return axis.from_unit(min(max(math.log10(float(written)), 0.0), math.nextafter(1, 0)))
            case _ if form == UNIT + name:
                return axis.from_unit(min(max(float(written), 0.0), math.nextafter(1, 0)))
            case _ if form == LOG10 + name:
                return _within(axis, 10 ** float(written))
            case _:
                return _within(axis, float(written)) if isinstance(axis, FloatRange) else axis.parse(written)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from error
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{name}: must be a number, but got {written!r}") from error


def choice_of(axis: Choices, written: str) -> Value:
    """Returns the choice that `choice_text` wrote."""
    for value in axis.values:
        if choice_text(value) == written:
            return value
    raise ConfigError(f"must be one of {', '.join(map(choice_text, axis.values))}, but got {written!r}")


def _at(axis: IntRange | FloatRange, written: str) -> Value:
    size, index = axis.size, int(float(written))
    if size is None or not 0 <= index <= size:
        raise ConfigError(f"must be the place of a step, but got {written!r}")
    return axis.at(min(index, size - 1))  # Sobol's range has one more step, because it never reaches the last


def _within(axis: IntRange | FloatRange, value: float) -> Value:
    """Returns the value, moved back to the end of its range if a rounding error exceeded it."""
    if isinstance(axis, IntRange):
        return min(max(round(value), axis.low), axis.high)
    slack = _ROUNDING * max(abs(axis.low), abs(axis.high))
    if not axis.low - slack <= value <= axis.high + slack:
        raise ConfigError(f"must be from {axis.low} to {axis.high}, but got {value}")
    inside = min(max(value, axis.low), axis.high)
    return inside if axis.step is None else axis.parse(text(inside))


def _number(name: str, written: str) -> int:
    if not written.isascii() or not written.isdigit():
        raise ConfigError(f"{name}: must be a whole number, but got {written!r}")
    return int(written)
