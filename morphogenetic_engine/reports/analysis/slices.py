"""Slices: the objective in regions of one parameter at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morphogenetic_engine.reports.columns.columns import parameter_column
from morphogenetic_engine.reports.columns.regions import Region, split
from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.sweeps.record.averages import quantiles_of
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Direction

PARTS = 8


@dataclass(frozen=True, slots=True)
class SliceBin:
    """The complete trials in one region of a parameter."""

    region: Region
    trials: int
    best: float
    """The best objective there."""
    low: float
    """The first quartile of the objective."""
    median: float
    high: float
    """The third quartile of the objective."""


@dataclass(frozen=True)
class Slice:
    """The slice of one searched parameter."""

    parameter: str
    log: bool
    categorical: bool
    bins: tuple[SliceBin, ...]


def slices_of(result: SweepResult) -> tuple[Slice, ...]:
    """Returns a slice for each searched parameter that some complete trial has."""
    trials, optimization = list(result.complete), result.config.optimization
    objective_N = np.array([trial.metrics[optimization.target_metric] for trial in trials])
    found = []
    for name, axis in result.config.space.axes.items():
        column = parameter_column(name, axis, trials)
        if not column.present_N.any():
            continue
        parts = split(column, PARTS)
        bins = tuple(
            _bin(region, objective_N[parts.place_N == place], optimization.direction)
            for place, region in enumerate(parts.regions)
        )
        found.append(Slice(name, column.log, column.categorical, bins))
    return tuple(found)


def _bin(region: Region, objective_N: Floats, direction: Direction) -> SliceBin:
    best = objective_N.max() if direction is Direction.MAXIMIZE else objective_N.min()
    low, median, high = quantiles_of(objective_N, [0.25, 0.5, 0.75])
    return SliceBin(region, objective_N.size, float(best), low, median, high)
