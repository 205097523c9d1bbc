"""Renders the axes of a sweep as parameters of Katib, in a form that the chosen algorithm searches as specified.

The treatment of steps, logarithms and integers was determined from the source of Katib's services (v0.19) and tests:
only hyperopt and Optuna support `logUniform`; hyperopt's steps are multiples of the step wherever the range begins;
scikit-optimize searches every double in the logarithm; Sobol never reaches the last of several integers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.backends.katib.render.algorithms import Algorithm
from morphogenetic_engine.backends.katib.render.assignments import EXP10, INDEX, LOG10, TRIAL_NUMBER, UNIT, choice_text
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.trial import Value, text

FEW_VALUES = 64
"""Up to this number of values, random search gets a list, whose values are equally likely."""
_OPTUNA_LOWEST = 1e-10
"""Katib's Optuna service silently raises the lower bound of a logarithmic range to this."""
_LOG_SERVICES = frozenset({Algorithm.RANDOM, Algorithm.TPE, Algorithm.MULTIVARIATE_TPE})


@dataclass(frozen=True)
class KatibParameter:
    """One entry of `spec.parameters`."""

    name: str
    kind: str
    feasible_space: Mapping[str, str | list[str]]

    def manifest(self) -> dict[str, object]:
        return {"name": self.name, "parameterType": self.kind, "feasibleSpace": dict(self.feasible_space)}


def numbered_parameter(trials: int) -> KatibParameter:
    """Returns the single parameter of a sweep whose points are fixed in advance: the trial's number."""
    return _listed(TRIAL_NUMBER, map(str, range(trials)))


def grid_parameters(axes: Mapping[str, Parameter], *, finest: bool = False) -> list[KatibParameter]:
    """Returns every axis as the list of its grid values, or of all its values."""
    return [_listed(name, map(choice_text, _values(axis, finest))) for name, axis in axes.items()]


def searched_parameters(axes: Mapping[str, Parameter], algorithm: Algorithm) -> list[KatibParameter]:
    """Returns the axes that have more than one value, for an algorithm that draws or learns."""
    return [_searched(name, axis, algorithm) for name, axis in axes.items() if axis.size != 1]


def shown_parameter(name: str, axis: Parameter) -> KatibParameter:
    """Returns an axis that another service searches: only Katib's pages read its range."""
    if isinstance(axis, Choices):
        return _listed(name, map(choice_text, axis.values))
    return KatibParameter(
        name, "int" if isinstance(axis, IntRange) else "double", {"min": text(axis.low), "max": text(axis.high)}
    )


def _values(axis: Parameter, finest: bool) -> Sequence[Value]:
    if not finest or isinstance(axis, Choices):
        return axis.grid()
    assert axis.size is not None, "only a finite space has a finest grid"
    return [axis.at(index) for index in range(axis.size)]


def _searched(name: str, axis: Parameter, algorithm: Algorithm) -> KatibParameter:
    match axis:
        case Choices():
            return _listed(name, map(choice_text, axis.values))
        case _ if axis.reshaped:
            return _reshaped(name, algorithm)
        case IntRange(log=True) | FloatRange(log=True):
            return _logarithmic(name, axis, algorithm)
        case IntRange() | FloatRange(step=float()):
            return _stepped(name, axis, algorithm)
        case _:
            return _continuous(name, axis, algorithm)


def _reshaped(name: str, algorithm: Algorithm) -> KatibParameter:
    """Lets Katib search the share of the distribution below the value, which Katib's own distributions cannot say."""
    return _exponential(name) if algorithm is Algorithm.BAYESIAN_OPTIMIZATION else _double(UNIT + name, 0, 1)


def _logarithmic(name: str, axis: IntRange | FloatRange, algorithm: Algorithm) -> KatibParameter:
    clamped = algorithm is Algorithm.MULTIVARIATE_TPE and axis.low < _OPTUNA_LOWEST
    if algorithm in _LOG_SERVICES and not clamped:
        bounds = {"min": text(axis.low), "max": text(axis.high), "distribution": "logUniform"}
        return KatibParameter(name, "int" if isinstance(axis, IntRange) else "double", bounds)
    if algorithm is Algorithm.BAYESIAN_OPTIMIZATION:
        return _exponential(name) if isinstance(axis, IntRange) else _double(name, axis.low, axis.high)
    half = 0.5 if isinstance(axis, IntRange) else 0.0  # both ends are as likely as inner values, as in a local sweep
    return _double(LOG10 + name, math.log10(axis.low - half), math.log10(axis.high + half))


def _stepped(name: str, axis: IntRange | FloatRange, algorithm: Algorithm) -> KatibParameter:
    size = axis.size
    assert size is not None, "an axis with steps is finite"
    if algorithm is Algorithm.RANDOM and size <= FEW_VALUES:
        return _listed(name, (text(axis.at(index)) for index in range(size)))
    if algorithm is Algorithm.SOBOL:
        return _whole(INDEX + name, 0, size)
    if isinstance(axis, IntRange) and axis.step == 1:
        return _whole(name, axis.low, axis.high)
    return _whole(INDEX + name, 0, size - 1)


def _continuous(name: str, axis: FloatRange, algorithm: Algorithm) -> KatibParameter:
    if algorithm is Algorithm.BAYESIAN_OPTIMIZATION:
        return _exponential(name)
    return _double(name, axis.low, axis.high)


def _exponential(name: str) -> KatibParameter:
    """Compensates for scikit-optimize's logarithm: it searches 1 to 10 log-uniformly, and the trial inverts this."""
    return _double(EXP10 + name, 1, 10)


def _double(name: str, low: float, high: float) -> KatibParameter:
    return KatibParameter(name, "double", {"min": text(low), "max": text(high)})


def _whole(name: str, low: int, high: int) -> KatibParameter:
    return KatibParameter(name, "int", {"min": text(low), "max": text(high)})


def _listed(name: str, texts: Iterable[str]) -> KatibParameter:
    return KatibParameter(name, "categorical", {"list": list(texts)})
