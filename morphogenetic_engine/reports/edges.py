"""Warnings that the search space may be too narrow: the best values lie at its edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from morphogenetic_engine.reports.columns import Column, Floats, is_ordered, parameter_column
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space import Choices, Parameter

NEAR = 0.05
"""The share of the range (in its own scale) that counts as its edge."""
TOP_SHARE = 0.1
FEWEST_TOP = 3


@dataclass(frozen=True)
class EdgeWarning:
    """The best value of a parameter lies at an end of its range."""

    parameter: str
    side: Literal["lower", "upper"]
    bound: float
    """The end of the range."""
    best: float
    """The value of the best trial."""
    top_trials: int
    """The best tenth of the complete trials (three at least) that have this parameter."""
    top_at_edge: int
    """How many of them lie at this edge too."""
    suggestion: float
    """An end that doubles the range on this side (on its own scale)."""

    @property
    def strong(self) -> bool:
        """Whether most of the best lie there, not only the very best."""
        return FEWEST_TOP <= self.top_trials < 2 * self.top_at_edge


def edge_warnings(result: SweepResult) -> tuple[EdgeWarning, ...]:
    """Return a warning for each numeric parameter whose best value lies at an end of its range, the strong first."""
    ranked = result.ranked
    found = []
    for name, axis in result.config.space.axes.items():
        if ranked and is_ordered(axis) and name in ranked[0].params:
            column = parameter_column(name, axis, [trial for trial in ranked if name in trial.params])
            warning = _warning(column, axis)
            if warning is not None:
                found.append(warning)
    return tuple(sorted(found, key=lambda each: not each.strong))


def _warning(column: Column, axis: Parameter) -> EdgeWarning | None:
    low, high = _bounds(axis)
    if low == high or (isinstance(axis, Choices) and axis.size < 3):
        return None  # of two values one is always the best
    scale = math.log10 if column.log else float
    ends = scale(low), scale(high)
    position_N = (column.scaled_N - ends[0]) / (ends[1] - ends[0])
    top = min(position_N.size, max(FEWEST_TOP, round(TOP_SHARE * position_N.size)))
    at_low, at_high = _at_edges(column, axis, position_N)
    for side, here_N, bound, step in (("lower", at_low, low, -1), ("upper", at_high, high, 1)):
        if here_N[0]:
            wider = (ends[0] if step < 0 else ends[1]) + step * (ends[1] - ends[0])
            suggestion = 10**wider if column.log else wider
            count = int(here_N[:top].sum())
            name: Literal["lower", "upper"] = "lower" if side == "lower" else "upper"
            return EdgeWarning(column.name, name, bound, float(column.values_N[0]), top, count, suggestion)
    return None


def _at_edges(column: Column, axis: Parameter, position_N: Floats) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(axis, Choices):  # a list of values has no space between them
        return column.values_N == column.values_N.dtype.type(_bounds(axis)[0]), column.values_N == _bounds(axis)[1]
    return position_N <= NEAR, position_N >= 1 - NEAR


def _bounds(axis: Parameter) -> tuple[float, float]:
    if isinstance(axis, Choices):
        numbers = [float(value) for value in axis.values]
        return min(numbers), max(numbers)
    return float(axis.low), float(axis.high)
