"""The best configurations with the baseline, and the summaries of several values."""

from __future__ import annotations

import pytest
from scipy import stats

from morphogenetic_engine.reports.analysis.configurations import best_configurations, spread_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.sweeps import sweep, trial

BASELINE = {"x": {"low": 0.0, "high": 1.0, "default": 0.5}}


def shown(result: SweepResult, top: int) -> list[tuple[int | None, int, bool]]:
    return [(each.rank, each.trial, each.baseline) for each in best_configurations(result, top)]


def test_the_best_come_in_their_order_then_the_baseline_with_its_rank() -> None:
    result = sweep([trial(n, {"x": 0.5}, value) for n, value in enumerate([0.2, 0.4, 0.1, 0.3])], BASELINE)
    assert shown(result, 2) == [(1, 1, False), (2, 3, False), (3, 0, True)]
    assert shown(result, 3) == [(1, 1, False), (2, 3, False), (3, 0, True)]
    assert shown(result, 4) == [(1, 1, False), (2, 3, False), (3, 0, True), (4, 2, False)]


def test_a_baseline_that_failed_has_no_rank_and_no_value() -> None:
    failed = trial(0, {"x": 0.5}, state=TrialState.FAILED)
    result = sweep([failed, trial(1, {"x": 0.1}, 0.4)], BASELINE)
    assert shown(result, 5) == [(1, 1, False), (None, 0, True)]
    assert [each.value for each in best_configurations(result, 5)] == [0.4, None]


def test_without_defaults_there_is_no_baseline() -> None:
    result = sweep([trial(n, {"x": 0.5}, float(n)) for n in range(3)], {"x": {"low": 0.0, "high": 1.0}})
    assert shown(result, 1) == [(1, 2, False)]


@pytest.mark.parametrize("values", [[1.0, 3.0], [1.0, 2.0, 6.0], [0.5, 0.25, 0.75, 0.5, 0.9]])
def test_a_spread_is_a_mean_with_students_interval(values: list[float]) -> None:
    found = spread_of(values)
    assert found is not None and found.low is not None and found.high is not None
    wanted = stats.t.interval(0.95, len(values) - 1, loc=stats.tmean(values), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx(wanted)
    assert found.mean == pytest.approx(stats.tmean(values)) and found.deviation == pytest.approx(stats.tstd(values))


def test_one_value_has_no_spread_and_none_has_nothing() -> None:
    found = spread_of([2.0])
    assert found is not None
    assert (found.values, found.mean, found.deviation, found.low, found.high) == ((2.0,), 2.0, None, None, None)
    assert spread_of([]) is None
