"""The trend of the objective over the trials, and when the best was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.sweeps.results import SweepResult


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One feasible trial."""

    trial: int
    value: float
    """The objective of the trial."""
    best: float
    """The best objective up to and including this trial, in the order of the trials' numbers."""


@dataclass(frozen=True)
class Trend:
    """The feasible trials in the order of their numbers."""

    points: Sequence[TrendPoint]
    improvements: tuple[int, ...]
    """The trials that were better than all before them; the last one is the best."""
    trials_since_improvement: int
    """The number of ended trials after the best one."""


def trend_of(result: SweepResult) -> Trend:
    """Returns the trend of the (first) objective."""
    target, direction = result.config.optimization.target_metric, result.config.optimization.direction
    points: list[TrendPoint] = []
    improvements: list[int] = []
    best: float | None = None
    for trial in result.feasible:
        value = trial.metrics[target]
        if best is None or direction.better(value, best):
            best = value
            improvements.append(trial.number)
        points.append(TrendPoint(trial.number, value, best))
    last = improvements[-1] if improvements else -1
    since = sum(1 for trial in result.trials if trial.state.final and trial.number > last)
    return Trend(points, tuple(improvements), since)
