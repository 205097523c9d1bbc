"""Interactions: the variance that a pair of parameters explains beyond the two alone.

Each parameter is cut into a few regions; the ranks of the objective (a diverged trial must not dominate) are
fitted once with the sum of two effects and once with an effect for each combination. The gain is tested with the
F-test, with Holm's correction over all pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from morphogenetic_engine.reports.columns.columns import parameter_column
from morphogenetic_engine.reports.columns.regions import Region, Split, split
from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.reports.stats.ranks import ranks_of
from morphogenetic_engine.reports.stats.significance import f_test_p, holm
from morphogenetic_engine.sweeps.record.averages import median_of
from morphogenetic_engine.sweeps.results import SweepResult

PARTS = 4
MOST_CATEGORIES = 8
MOST_PARAMETERS = 40
"""The most parameters of which all pairs are judged."""
LEVEL = 0.05
_ROUNDING = 1e-12
"""The residual share of the variance below which a fit counts as exact."""


@dataclass(frozen=True)
class Interaction:
    """Two parameters and the objective over their combinations: R regions of one, C of the other."""

    one: str
    other: str
    rows: tuple[Region, ...]
    """The R regions of `one`."""
    columns: tuple[Region, ...]
    """The C regions of `other`."""
    median: tuple[tuple[float | None, ...], ...]
    """R x C: the median objective; None where no complete trial lies."""
    trials: tuple[tuple[int, ...], ...]
    """R x C: complete trials."""
    gain: float | None
    """The share of the variance (of ranks) that only the pair explains, adjusted for its degrees of freedom; None: too
    few trials to say."""
    p: float | None
    """Holm's corrected p-value of the gain; None: too few trials to say."""

    @property
    def clear(self) -> bool:
        """True if the pair explains significantly more than the two alone."""
        return self.p is not None and self.p <= LEVEL


def interactions_of(result: SweepResult) -> tuple[Interaction, ...]:
    """Returns the pairs of parameters that vary, the largest gain first.

    Of more than MOST_PARAMETERS, these are the pairs of those that explain most of the objective's ranks by themselves:
    there are so many pairs that the correction for their number would leave none significant, and they take long.
    """
    trials, target = list(result.complete), result.config.optimization.target_metric
    objective_N = np.array([trial.metrics[target] for trial in trials])
    splits: list[tuple[str, Split]] = []
    for name, axis in result.config.space.axes.items():
        parts = split(parameter_column(name, axis, trials), PARTS)
        if 2 <= len(parts.regions) <= MOST_CATEGORIES:
            splits.append((name, parts))
    splits = _strongest(splits, objective_N)
    raw = [_pair(one, other, objective_N) for one, other in combinations(splits, 2)]
    tested = [each.p for each in raw if each.p is not None]
    corrected = iter(holm(tested))
    found = [each if each.p is None else _with_p(each, next(corrected)) for each in raw]
    return tuple(sorted(found, key=lambda each: -1.0 if each.gain is None else each.gain, reverse=True))


def _strongest(splits: list[tuple[str, Split]], objective_N: Floats) -> list[tuple[str, Split]]:
    if len(splits) <= MOST_PARAMETERS:
        return splits
    ranks = ranks_of(objective_N)
    ranks = ranks - ranks.mean()

    def explained(parts: Split) -> float:
        count_R = np.bincount(parts.place_N)
        sums_R = np.bincount(parts.place_N, weights=ranks)
        return float(np.sum(sums_R[count_R > 0] ** 2 / count_R[count_R > 0]))

    order = sorted(range(len(splits)), key=lambda place: -explained(splits[place][1]))[:MOST_PARAMETERS]
    return [splits[place] for place in sorted(order)]


def _with_p(each: Interaction, p: float) -> Interaction:
    return Interaction(each.one, each.other, each.rows, each.columns, each.median, each.trials, each.gain, p)


def _pair(one: tuple[str, Split], other: tuple[str, Split], objective_N: Floats) -> Interaction:
    rows, columns = one[1].regions, other[1].regions
    cell_N = one[1].place_N * len(columns) + other[1].place_N
    cells = [objective_N[cell_N == cell] for cell in range(len(rows) * len(columns))]
    medians = [median_of(cell) if cell.size else None for cell in cells]
    counts = [cell.size for cell in cells]
    width = len(columns)
    gain, p = _gain(one[1].place_N, other[1].place_N, cell_N, objective_N)
    return Interaction(
        one[0],
        other[0],
        rows,
        columns,
        tuple(tuple(medians[start : start + width]) for start in range(0, len(cells), width)),
        tuple(tuple(counts[start : start + width]) for start in range(0, len(cells), width)),
        gain,
        p,
    )


def _gain(
    row_N: np.ndarray, column_N: np.ndarray, cell_N: np.ndarray, objective_N: Floats
) -> tuple[float | None, float | None]:
    ranks = ranks_of(objective_N)
    total = float(np.sum((ranks - ranks.mean()) ** 2))
    additive_ND = np.column_stack([np.ones(ranks.size), _indicators(row_N), _indicators(column_N)])
    coefficients, _, degrees, _ = np.linalg.lstsq(additive_ND, ranks, rcond=None)
    left_additive = float(np.sum((ranks - additive_ND @ coefficients) ** 2))
    _, place_N = np.unique(cell_N, return_inverse=True)
    count_C = np.bincount(place_N)
    mean_C = np.bincount(place_N, weights=ranks) / count_C
    left_full = float(np.sum((ranks - mean_C[place_N]) ** 2))
    extra, free = count_C.size - int(degrees), ranks.size - count_C.size
    if extra < 1 or free < count_C.size or total == 0:
        return None, None  # at least about two trials a combination
    noise, explained = left_full / free, left_additive - left_full
    if explained <= _ROUNDING * total:
        return 0.0, 1.0
    if noise == 0:
        return explained / total, 0.0
    return max(0.0, (explained - extra * noise) / total), f_test_p(explained / extra / noise, extra, free)


def _indicators(place_N: np.ndarray) -> Floats:
    indicators: Floats = (place_N[:, None] == np.arange(1, place_N.max() + 1)).astype(np.float64)
    return indicators
