"""The best value so far, trial by trial."""

from __future__ import annotations

from morphogenetic_engine.reports.analysis.objective_trend import trend_of
from morphogenetic_engine.sweeps.record.events import TrialState
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}


def test_the_trend_holds_the_best_so_far() -> None:
    found = trend_of(sweep([trial(n, {"x": 0.5}, value) for n, value in enumerate([3.0, 1.0, 4.0, 1.0, 4.0])], X))
    assert [point.best for point in found.points] == [3, 3, 4, 4, 4]
    assert (found.improvements, found.trials_since_improvement) == ((0, 2), 2)


def test_the_trend_counts_what_ended_after_the_best() -> None:
    failed, running = trial(2, {"x": 0.5}, state=TrialState.FAILED), trial(3, {"x": 0.5}, state=TrialState.RUNNING)
    assert (
        trend_of(
            sweep([trial(0, {"x": 0.5}, 1.0), trial(1, {"x": 0.5}, 0.5), failed, running], X)
        ).trials_since_improvement
        == 2
    )
    assert (
        trend_of(sweep([trial(n, {"x": 0.5}, state=TrialState.FAILED) for n in range(3)], X)).trials_since_improvement
        == 3
    )
    low = trend_of(
        sweep([trial(n, {"x": 0.5}, value) for n, value in enumerate([3.0, 4.0, 1.0])], X, direction="minimize")
    )
    assert (low.improvements, low.trials_since_improvement) == ((0, 2), 0)
