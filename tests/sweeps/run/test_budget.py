"""Budgets: the limits of a sweep's cost and of its expected improvement."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from scipy import stats

from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.budget import WINDOW, BudgetStopper, expected_improvement
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.schema.optimization_section import Budget, OptimizationConfig
from tests.tables import steady_rows


def trial(number: int, value: float, *, seconds: float = 10.0, steps: int = 5) -> TrialRecord:
    metrics: Mapping[str, float] = {"val_acc": value}
    curve = {step: metrics for step in range(steps)}
    return TrialRecord(number, 0, {}, TrialState.COMPLETE, metrics=metrics, curve=curve, duration=seconds)


def stops_after(budget: Budget, values: list[float], *, direction: Direction = Direction.MAXIMIZE) -> int | None:
    stopper = BudgetStopper(budget, OptimizationConfig(direction=direction))
    return next((n for n, value in enumerate(values) if stopper.stops_after(trial(n, value))), None)


def test_trial_seconds_add_up_over_all_trials() -> None:
    assert stops_after(Budget(trial_seconds=35), [0.0] * 9) == 3
    assert stops_after(Budget(trial_seconds=30), [0.0] * 9) == 2


def test_steps_add_up_over_all_trials() -> None:
    assert stops_after(Budget(steps=11), [0.0] * 9) == 2
    assert stops_after(Budget(steps=10), [0.0] * 9) == 1


def test_no_estimate_of_the_improvement_before_the_window_is_full() -> None:
    assert stops_after(Budget(improvement_per_hour=1e9), [0.5] * 50) == WINDOW - 1


@pytest.mark.parametrize(("direction", "sign"), [(Direction.MAXIMIZE, 1.0), (Direction.MINIMIZE, -1.0)])
def test_a_sweep_that_still_gains_goes_on(direction: Direction, sign: float) -> None:
    rising = [sign * number / 100 for number in range(60)]
    assert stops_after(Budget(improvement_per_hour=0.1), rising, direction=direction) is None
    flat = [sign * (0.9 + 0.001 * (number % 3)) for number in range(60)]
    assert stops_after(Budget(improvement_per_hour=0.1), flat, direction=direction) == WINDOW - 1


@pytest.mark.parametrize("best", [-1.0, 0.0, 0.7, 2.5])
def test_expected_improvement_is_that_of_a_normal_distribution(best: float) -> None:
    recent = [0.0, 0.5, 1.0, -0.5, 0.25]
    mean, deviation = statistics.fmean(recent), statistics.stdev(recent)
    draws = np.random.default_rng(0).normal(mean, deviation, 400_000)
    by_hand = float(np.maximum(0.0, draws - best).mean())
    assert math.isclose(expected_improvement(recent, best, Direction.MAXIMIZE), by_hand, rel_tol=0.03, abs_tol=1e-4)


@pytest.mark.parametrize(("direction", "sign"), [(Direction.MAXIMIZE, 1), (Direction.MINIMIZE, -1)])
def test_expected_improvement_is_as_the_closed_form_has_it(direction: Direction, sign: int) -> None:
    recent = [-1.0, 1.0]  # a mean of 0, a deviation of the square root of 2
    assert expected_improvement(recent, 0.0, direction) == pytest.approx(1 / math.sqrt(math.pi))
    one_above = stats.norm.pdf(1, scale=math.sqrt(2)) * 2 - stats.norm.sf(1, scale=math.sqrt(2))
    assert expected_improvement(recent, float(sign), direction) == pytest.approx(one_above)


@pytest.mark.parametrize("unit", [5e307, 1e-320])
def test_expected_improvement_does_not_depend_on_the_unit(unit: float) -> None:
    plain = expected_improvement([1.0, 2.0, 3.0], 2.5, Direction.MAXIMIZE)
    found = expected_improvement([unit, 2 * unit, 3 * unit], 2.5 * unit, Direction.MAXIMIZE)
    assert found == pytest.approx(plain * unit, rel=1e-3)


def test_expected_improvement_without_any_spread() -> None:
    assert expected_improvement([1.0, 1.0], 1.0, Direction.MAXIMIZE) == 0.0
    assert expected_improvement([1.0, 1.0], 3.0, Direction.MINIMIZE) == 2.0


def test_a_budget_of_steps_gives_the_same_trials_at_any_number_of_workers(start: Callable[[str], SweepFolder]) -> None:
    tables = []
    for workers in (1, 2, 4):
        folder = start(f"""
sweep_type: random
experiment: {{workload: "toy:quadratic", seconds: 0.0}}
parameters: {{x: {{type: float, low: 0, high: 1}}}}
execution: {{max_parallel: {workers}}}
optimization: {{n_trials: 50, lookahead: 4, budget: {{steps: 30}}}}
""")
        assert run_sweep(folder) is Outcome.BUDGET_SPENT
        tables.append(steady_rows(folder))
    assert len(tables[0]) == 13  # the tenth trial spends it, three more were under way
    assert tables[0] == tables[1] == tables[2]
    assert run_sweep(folder) is Outcome.BUDGET_SPENT
    assert len(read_result(folder).trials) == 13
