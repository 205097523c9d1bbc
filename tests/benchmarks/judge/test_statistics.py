"""The statistics of the comparison, on regrets whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.judge.runs import Asked, Run
from benchmarks.judge.search import BUDGETS
from benchmarks.judge.statistics import Cube, budget_ratio, cube, is_better, mean_regret


def halving_with(scale: float, seed: int = 0) -> Cube:
    """Returns regrets of 4 tasks and 20 seeds around scale / budget."""
    noise = np.random.default_rng(seed).normal(1, 0.05, size=(4, 20, len(BUDGETS)))
    return scale / np.array(BUDGETS) * noise


def test_runs_are_arranged_by_task_and_seed_up_to_the_first_that_is_missing() -> None:
    runs = [
        Run(Asked("ours", "suite", task, seed), [10.0 * seed] * len(BUDGETS))
        for task, seeds in {"a": (1, 0, 2), "b": (0, 1, 3)}.items()
        for seed in seeds
    ]
    found = cube(runs, ["a", "b"])
    assert found is not None and found[:, :, 0].tolist() == [[0.0, 10.0], [0.0, 10.0]]
    assert cube(runs, ["a", "b", "c"]) is None


def test_a_contestant_with_fewer_seeds_is_compared_on_those() -> None:
    ours, theirs = halving_with(2), halving_with(1, seed=1)
    assert is_better(theirs[:, :5], ours, 20) == is_better(theirs[:, :5], ours[:, :5], 20) < 0.01


def test_mean_regret_lies_within_its_interval() -> None:
    found = mean_regret(halving_with(5), 10)
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(0.5, rel=0.05)


def test_four_times_less_regret_needs_the_budget_next_above_a_quarter() -> None:
    ratio = budget_ratio(halving_with(1), halving_with(4, seed=1), 50)
    assert ratio.low == ratio.value == ratio.high == 50 / 17


def test_a_goal_that_is_never_reached_has_ratio_0() -> None:
    assert budget_ratio(halving_with(5), halving_with(1), 50).value == 0


def test_only_a_better_contestant_is_called_better() -> None:
    ours, theirs = halving_with(2), halving_with(1, seed=1)
    assert is_better(theirs, ours, 20) < 1e-6
    assert is_better(ours, theirs, 20) > 0.99
    assert is_better(ours, ours, 20) == 1
