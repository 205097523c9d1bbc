"""The axes that figures share: one for a parameter, one for an objective, with the values of trials on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morphogenetic_engine.reports.columns.columns import Column, parameter_column
from morphogenetic_engine.reports.drawing.charts import Axis
from morphogenetic_engine.reports.drawing.scales import CategoryScale, fitted
from morphogenetic_engine.sweeps.record.trials import WALL_CLOCK_METRICS, TrialRecord
from morphogenetic_engine.sweeps.schema.objective import Direction, Objective
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.trial import text

_WIDE = 1000.0
"""Positive objectives use a logarithmic axis from this ratio of largest to smallest on."""
_MOST_CATEGORIES = 60


@dataclass(frozen=True)
class ParameterAxis:
    """A searched parameter as an axis, and where each of some trials lies on it."""

    axis: Axis
    values: tuple[float | None, ...]
    """In the order of the trials; None where the trial does not have the parameter."""
    column: Column


def parameter_axis(name: str, parameter: Parameter, trials: Sequence[TrialRecord]) -> ParameterAxis:
    """Returns the axis of a parameter, over all of its range, with the values of the trials."""
    column = parameter_column(name, parameter, trials)
    values = tuple(None if np.isnan(value) else float(value) for value in column.values_N)
    if column.categorical:
        labels = tuple(text(level) for level in column.levels)
        return ParameterAxis(Axis(name, "choice", CategoryScale(labels)), values, column)
    shown = [value for value in values if value is not None]
    scale = fitted([*_ends(parameter), *shown], log=column.log)
    return ParameterAxis(Axis(name, "log scale" if column.log else "linear scale", scale), values, column)


def objective_axis(objective: Objective, values: Sequence[float]) -> Axis:
    """Returns the axis of an objective that shows these values."""
    share = objective.direction is Direction.MAXIMIZE and max(values, default=0.0) <= 1
    log = is_wide(values) and not share  # a logarithmic axis would compress the good values of an accuracy
    better = "higher is better" if objective.direction is Direction.MAXIMIZE else "lower is better"
    seconds = "s, " if objective.metric in WALL_CLOCK_METRICS else ""
    scale = fitted(values, log=log)
    return Axis(objective.metric, f"{seconds}{'log scale, ' if log else ''}{better}", scale)


def metric_axis(name: str, values: Sequence[float]) -> Axis:
    """Returns the axis of any metric."""
    log = is_wide(values)
    unit = "s" if name in WALL_CLOCK_METRICS else "log scale" if log else "linear scale"
    return Axis(name, unit, fitted(values, log=log))


def is_wide(values: Sequence[float]) -> bool:
    """Returns whether the values span so many orders of magnitude that a linear axis would hide differences."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > _WIDE


def _ends(parameter: Parameter) -> tuple[float, float]:
    if isinstance(parameter, Choices):
        numbers = [float(value) for value in parameter.values]
        return min(numbers), max(numbers)
    return float(parameter.low), float(parameter.high)
