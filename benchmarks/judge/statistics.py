"""Means, bootstrap intervals and paired tests over the runs of a suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon

from benchmarks.judge.runs import Run
from benchmarks.judge.search import BUDGETS

_RESAMPLES = 2_000
Cube = NDArray[np.float64]
"""(tasks, seeds, budgets): normalised regrets; the seeds are 0, 1, 2 ..."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def cube(runs: Sequence[Run], tasks: Sequence[str]) -> Cube | None:
    """Returns the regrets of one contestant on one suite; None: it has not run on every task yet.

    Of the seeds, those up to the first are used that is missing for a task.
    """
    regrets = {(run.asked.task, run.asked.seed): run.regrets for run in runs}
    seeds = next(seed for seed in count() if any((task, seed) not in regrets for task in tasks))
    if seeds == 0:
        return None
    return np.array([[regrets[task, seed] for seed in range(seeds)] for task in tasks])


def mean_regret(regrets: Cube, budget: int) -> Estimate:
    """Returns the mean over tasks and seeds; the interval is over seeds, the tasks being fixed."""
    return _estimate(
        float(regrets[:, :, BUDGETS.index(budget)].mean()),
        _resampled_means(regrets, seed=budget)[:, BUDGETS.index(budget)],
    )


def budget_ratio(ours: Cube, theirs: Cube, budget: int) -> Estimate:
    """Returns how many times less training ours needs to reach the mean regret that theirs has at `budget`.

    Where ours never reaches it, the ratio is 0.
    """
    goal = theirs.mean(axis=(0, 1))[BUDGETS.index(budget)]
    goals = _resampled_means(theirs, seed=1)[:, BUDGETS.index(budget)]
    resampled = [_ratio(curve, each, budget) for curve, each in zip(_resampled_means(ours, seed=2), goals, strict=True)]
    return _estimate(_ratio(ours.mean(axis=(0, 1)), goal, budget), np.array(resampled))


def is_better(theirs: Cube, ours: Cube, budget: int) -> float:
    """Returns the p value of the paired, one-sided test that their regrets are less than ours (Wilcoxon).

    The pairs are of the tasks and of the seeds that both have.
    """
    seeds = min(theirs.shape[1], ours.shape[1])
    differences = (theirs[:, :seeds] - ours[:, :seeds])[:, :, BUDGETS.index(budget)].ravel()
    if not differences.any():
        return 1.0
    return float(wilcoxon(differences, alternative="less").pvalue)


def _ratio(curve: NDArray[np.float64], goal: float, budget: int) -> float:
    reached = np.flatnonzero(curve <= goal)
    return budget / BUDGETS[reached[0]] if reached.size else 0.0


def _resampled_means(regrets: Cube, seed: int) -> NDArray[np.float64]:
    """(resamples, budgets): the mean regrets of seeds drawn anew within each task."""
    tasks, seeds, _ = regrets.shape
    random = np.random.default_rng(seed)
    drawn = random.integers(seeds, size=(_RESAMPLES, tasks, seeds))
    return np.array([regrets[np.arange(tasks)[:, None], each].mean(axis=(0, 1)) for each in drawn])


def _estimate(value: float, resampled: NDArray[np.float64]) -> Estimate:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
