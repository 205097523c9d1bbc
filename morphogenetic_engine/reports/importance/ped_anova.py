"""PED-ANOVA: how far each parameter decides whether a trial is among the best.

After Watanabe, Bansal and Hutter (IJCAI 2023), for conditional parameters Watanabe and others (arXiv:2601.20800). The
shares equal those of Optuna's evaluator, as tests verify; that evaluator imports scikit-learn, which takes
a second, and needs another second for the resamples of a report.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space

Places = NDArray[np.intp]

_CELLS = 50
"""The number of cells of a range."""
_FEWEST_TRIALS = 2
"""The minimum of trials that have the parameter."""
_TINY = 1e-12


class PedAnova:
    """The influence of each parameter on whether a trial is among the `top_share` best of a sample; not normalized."""

    def __init__(self, names: Sequence[str], trials: Sequence[TrialRecord], space: Space, *, top_share: float) -> None:
        self._grids = [_grid(name, space.axes[name], trials) for name in names]
        self._top_share = top_share

    def of(self, places: Places, loss_N: Floats) -> Floats:
        """Returns the shares in the trials at `places`, which may repeat; the smaller the loss the better."""
        loss_M = loss_N[places]
        last = math.ceil(self._top_share * places.size) - 1
        best_M = loss_M <= np.partition(loss_M, last)[last]
        return np.array([grid.share(places, best_M) for grid in self._grids])


@dataclass(frozen=True)
class _Grid:
    """One parameter of N trials, on a grid of cells."""

    cell_N: Places
    """The cell of each trial; -1: the trial does not have the parameter."""
    cells: int
    ordered: bool
    """True: neighbouring cells are similar values."""

    def share(self, places: Places, best_M: NDArray[np.bool_]) -> float:
        cell_M = self.cell_N[places]
        count_C = np.bincount(cell_M[cell_M >= 0], minlength=self.cells)
        best_C = np.bincount(cell_M[best_M & (cell_M >= 0)], minlength=self.cells)
        having, best = int(count_C.sum()), int(best_C.sum())
        if having < _FEWEST_TRIALS or best == 0:
            return 0.0
        all_C, top_C = self._density(count_C), self._density(best_C)
        divergence = float(all_C @ (top_C / all_C - 1) ** 2)
        return best**2 / (having * places.size) * divergence

    def _density(self, count_C: Places) -> Floats:
        return (_smoothed(count_C) if self.ordered else _mixed(count_C)) + _TINY


def _grid(name: str, axis: Parameter, trials: Sequence[TrialRecord]) -> _Grid:
    values = [trial.params.get(name) for trial in trials]
    if isinstance(axis, Choices):
        order = {(type(value), value): place for place, value in enumerate(axis.values)}
        found = [-1 if value is None else order[type(value), value] for value in values]
        return _Grid(np.array(found, dtype=np.intp), axis.size, ordered=False)
    numbers = np.array([math.nan if value is None else float(value) for value in values])
    cells, low, high = _cells(axis), float(axis.low), _highest(axis)
    if axis.log:
        numbers, low, high = np.log(numbers), math.log(low), math.log(high)
    nearest = np.ceil((numbers - low) / ((high - low) / (cells - 1)) - 0.5)
    cell_N = np.where(np.isnan(nearest), -1, np.clip(nearest, 0, cells - 1)).astype(np.intp)
    return _Grid(cell_N, cells, ordered=True)


def _cells(axis: IntRange | FloatRange) -> int:
    if isinstance(axis, IntRange) and axis.log:
        return min(math.ceil(math.log2(axis.size)) + 1, _CELLS)
    return _CELLS if axis.size is None else min(axis.size, _CELLS)


def _highest(axis: IntRange | FloatRange) -> float:
    return float(axis.high if axis.size is None else axis.at(axis.size - 1))


def _mixed(count_C: Places) -> Floats:
    """Returns the smoothed density of categories: each trial's kernel, and a uniform prior."""
    cells, total = count_C.size, count_C.sum()
    kernels = np.count_nonzero(count_C) + 1
    density: Floats = ((count_C + total / kernels) / (1 + cells / kernels) + 1 / cells) / (total + 1)
    return density


def _smoothed(count_C: Places) -> Floats:
    """Returns the density on a grid of numbers: a normal kernel a trial, by Scott's rule, and a wide prior."""
    cells, total = count_C.size, count_C.sum()
    below_D = _normal(np.arange(0.5 - cells, cells), _bandwidth(count_C))  # by the distance between cell and edge
    mass_CC = _between(below_D[_distances(cells)])
    density: Floats = (mass_CC @ count_C + _wide(cells)) / (total + 1)
    return density


@cache
def _wide(cells: int) -> Floats:
    """Returns the wide prior on so many cells."""
    return _between(_normal(np.arange(cells + 1.0) - cells / 2, cells))


@cache
def _distances(cells: int) -> Places:
    """Returns the place of the distance between each edge and each cell."""
    places: Places = np.arange(cells + 1)[:, np.newaxis] - np.arange(cells) + cells - 1
    return places


def _bandwidth(count_C: Places) -> float:
    """Returns Scott's bandwidth (1992), in cells; at least so wide that a cell holds nine tenths of its kernel."""
    total, cell_C, reached_C = int(count_C.sum()), np.arange(count_C.size), np.cumsum(count_C)
    mean = float(cell_C @ count_C) / total
    spread = math.sqrt(float((cell_C - mean) ** 2 @ count_C) / max(1, total - 1))
    first = np.searchsorted(reached_C, max(1, total // 4), side="left")
    third = np.searchsorted(reached_C, total * 3 // 4, side="right")
    return max(1.059 * min(float(third - first) / 1.34, spread) / math.pow(total, 0.2), 0.5 / 1.64)


def _normal(distance_D: Floats, width: float) -> Floats:
    """Returns the share of a normal distribution below each distance from its middle."""
    scale = -1 / (width * math.sqrt(2))
    return np.array([0.5 * math.erfc(distance * scale) for distance in distance_D.tolist()])


def _between(below_E: Floats) -> Floats:
    """Returns the mass between neighbouring edges (the first axis) of a distribution that ends with the outer ones."""
    mass: Floats = np.diff(below_E, axis=0) / (below_E[-1] - below_E[0])
    return mass
