"""Warnings that the search space may be too narrow: the best values lie at its edge."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.reports.analysis.evidence import SEED
from morphogenetic_engine.reports.columns.columns import Column, is_ordered, parameter_column
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, IntRange, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Params

Mask = NDArray[np.bool_]

NEAR = 0.05
"""The share of the range (in its own scale) that counts as its edge."""
TOP_SHARE = 0.1
FEWEST_TOP = 3
_LARGEST = 2.0**63
"""Integers of a sweep file must fit in 64 bits."""
_LARGEST_LOG = math.log(sys.float_info.max)
CROWDED = 1.5
"""The factor by which the best trials must lie at the edge more often than all trials."""


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
    """The number of them that lie at this edge too."""
    suggestion: float | None
    """A wider end to try; None: the range cannot or should not be widened there (it starts at 0, or a logarithmic range
    of whole numbers starts at 1, or no float lies beyond, or the best values would break a constraint there)."""

    @property
    def strong(self) -> bool:
        """True if most of the best trials lie at this edge, not only the very best one."""
        return FEWEST_TOP <= self.top_trials < 2 * self.top_at_edge

    @property
    def advised(self) -> float | None:
        """The wider end that the report advises; None: the evidence is weak, or there is no wider end."""
        return self.suggestion if self.strong else None


def edge_warnings(result: SweepResult) -> tuple[EdgeWarning, ...]:
    """Returns a warning for each numeric parameter whose best value lies at an end of its range, the strong first."""
    ranked = result.ranked
    found = []
    for name, axis in result.config.space.axes.items():
        if ranked and is_ordered(axis) and name in ranked[0].params and name != SEED:
            column = parameter_column(name, axis, [trial for trial in ranked if name in trial.params])
            warning = _warning(column, axis)
            if warning is not None:
                found.append(_within_constraints(warning, result.config.space, ranked[0].params))
    return tuple(sorted(found, key=lambda each: not each.strong))


def _warning(column: Column, axis: Parameter) -> EdgeWarning | None:
    low, high = _bounds(axis)
    if low == high or (isinstance(axis, Choices) and axis.size < 3):
        return None  # with two values the best is always at an end
    lower_N, upper_N = _at_ends(column, axis, low, high)
    if not (lower_N[0] or upper_N[0]):
        return None
    here_N = lower_N if lower_N[0] else upper_N
    top = min(here_N.size, max(FEWEST_TOP, round(TOP_SHARE * here_N.size)))
    if here_N[:top].mean() < CROWDED * here_N.mean():
        return None  # the best lie at the edge no more often than the others
    return EdgeWarning(
        parameter=column.name,
        side="lower" if lower_N[0] else "upper",
        bound=low if lower_N[0] else high,
        best=float(column.values_N[0]),
        top_trials=top,
        top_at_edge=int(here_N[:top].sum()),
        suggestion=_wider(low, high, column.log, whole=_is_whole(axis), down=bool(lower_N[0])),
    )


def _within_constraints(warning: EdgeWarning, space: Space, best: Params) -> EdgeWarning:
    """Returns the warning without its wider end where the best configuration would break a constraint there."""
    if warning.suggestion is None or space.allows({**best, warning.parameter: warning.suggestion}):
        return warning
    return replace(warning, suggestion=None)


def _at_ends(column: Column, axis: Parameter, low: float, high: float) -> tuple[Mask, Mask]:
    if isinstance(axis, Choices):  # a list of values has no space between them
        return column.values_N == low, column.values_N == high
    scale = math.log10 if column.log else float
    position_N = (column.scaled_N - scale(low)) / (scale(high) - scale(low))
    return position_N <= NEAR, position_N >= 1 - NEAR


def _wider(low: float, high: float, log: bool, *, whole: bool, down: bool) -> float | None:
    """Returns an end beyond the range: half of it further on its own scale; a positive range stays positive."""
    if log:
        half = (math.log(high) - math.log(low)) / 2  # the quotient of two floats may overflow
        end = math.log(low) - half if down else math.log(high) + half
        wider = math.exp(end) if end <= _LARGEST_LOG else math.inf
    elif down and low >= 0:
        wider = low / 2
    else:
        wider = low - (high / 2 - low / 2) if down else high + (high / 2 - low / 2)
    wider = _rounded(wider, whole=whole)
    length = high - wider if down else wider - low
    if not math.isfinite(length) or (log and wider <= 0) or (whole and not -_LARGEST <= wider < _LARGEST):
        return None
    return wider if (wider < low if down else wider > high) else None


def _rounded(value: float, *, whole: bool) -> float:
    """Returns a rounded value; unchanged where rounding would overflow."""
    if whole:
        return float(round(value)) if math.isfinite(value) else value
    rounded = float(f"{value:.2g}")
    return rounded if math.isfinite(rounded) else value


def _is_whole(axis: Parameter) -> bool:
    return isinstance(axis, IntRange) or (isinstance(axis, Choices) and all(isinstance(v, int) for v in axis.values))


def _bounds(axis: Parameter) -> tuple[float, float]:
    if isinstance(axis, Choices):
        numbers = [float(value) for value in axis.values]
        return min(numbers), max(numbers)
    return float(axis.low), float(axis.high)
