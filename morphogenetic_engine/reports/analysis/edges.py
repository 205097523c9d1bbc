"""Warnings that the search space may be too narrow: the best values lie at its edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.reports.analysis.evidence import SEED
from morphogenetic_engine.reports.columns.columns import Column, is_ordered, parameter_column
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.search_space import Choices, IntRange, Parameter

Mask = NDArray[np.bool_]

NEAR = 0.05
"""The share of the range (in its own scale) that counts as its edge."""
TOP_SHARE = 0.1
FEWEST_TOP = 3
CROWDED = 1.5
"""How much more often than all trials the best must lie at the edge."""


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
    suggestion: float | None
    """A wider end to try; None: there is none, for a range that starts at 0 ends there for a reason."""

    @property
    def strong(self) -> bool:
        """Whether most of the best lie there, not only the very best."""
        return FEWEST_TOP <= self.top_trials < 2 * self.top_at_edge


def edge_warnings(result: SweepResult) -> tuple[EdgeWarning, ...]:
    """Return a warning for each numeric parameter whose best value lies at an end of its range, the strong first."""
    ranked = result.ranked
    found = []
    for name, axis in result.config.space.axes.items():
        if ranked and is_ordered(axis) and name in ranked[0].params and name != SEED:
            column = parameter_column(name, axis, [trial for trial in ranked if name in trial.params])
            warning = _warning(column, axis)
            if warning is not None:
                found.append(warning)
    return tuple(sorted(found, key=lambda each: not each.strong))


def _warning(column: Column, axis: Parameter) -> EdgeWarning | None:
    low, high = _bounds(axis)
    if low == high or (isinstance(axis, Choices) and axis.size < 3):
        return None  # of two values one is always the best
    lower_N, upper_N = _at_ends(column, axis, low, high)
    if not (lower_N[0] or upper_N[0]):
        return None
    here_N = lower_N if lower_N[0] else upper_N
    top = min(here_N.size, max(FEWEST_TOP, round(TOP_SHARE * here_N.size)))
    if here_N[:top].mean() < CROWDED * here_N.mean():
        return None  # the best lie there no more often than the others
    return EdgeWarning(
        parameter=column.name,
        side="lower" if lower_N[0] else "upper",
        bound=low if lower_N[0] else high,
        best=float(column.values_N[0]),
        top_trials=top,
        top_at_edge=int(here_N[:top].sum()),
        suggestion=_wider(low, high, column.log, whole=_is_whole(axis), down=bool(lower_N[0])),
    )


def _at_ends(column: Column, axis: Parameter, low: float, high: float) -> tuple[Mask, Mask]:
    if isinstance(axis, Choices):  # a list of values has no space between them
        return column.values_N == low, column.values_N == high
    scale = math.log10 if column.log else float
    position_N = (column.scaled_N - scale(low)) / (scale(high) - scale(low))
    return position_N <= NEAR, position_N >= 1 - NEAR


def _wider(low: float, high: float, log: bool, *, whole: bool, down: bool) -> float | None:
    """Return an end beyond the range: half of it further on its own scale; a positive range stays positive."""
    if log:
        step = math.sqrt(high / low)
        wider = low / step if down else high * step
    elif down and low >= 0:
        wider = low / 2
    else:
        wider = low - (high - low) / 2 if down else high + (high - low) / 2
    wider = float(round(wider)) if whole else float(f"{wider:.2g}")
    return wider if (wider < low if down else wider > high) else None


def _is_whole(axis: Parameter) -> bool:
    return isinstance(axis, IntRange) or (isinstance(axis, Choices) and all(isinstance(v, int) for v in axis.values))


def _bounds(axis: Parameter) -> tuple[float, float]:
    if isinstance(axis, Choices):
        numbers = [float(value) for value in axis.values]
        return min(numbers), max(numbers)
    return float(axis.low), float(axis.high)
