"""The table of the workers: its texts."""

from __future__ import annotations

import pytest

from morphogenetic_engine.monitor.display.progress import SweepProgress
from morphogenetic_engine.monitor.display.worker_table import clock, worker_rows
from morphogenetic_engine.sweeps.record.events import (
    TrialEnded,
    TrialInterrupted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from tests.reports.sweeps import sweep


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "00:00"), (61, "01:01"), (3599.6, "1:00:00"), (90061, "25:01:01")])
def test_a_duration_is_minutes_and_seconds_and_hours_where_there_are_some(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_trials_that_a_worker_trains_together_are_one_row_with_the_furthest() -> None:
    result = sweep([], {"x": {"low": 0.0, "high": 1.0}})
    progress = SweepProgress(result, total=4)
    for number, worker in enumerate((0, 0, 0, 1)):
        progress(TrialStarted(0.0, number, 0, worker, number, {"x": number / 4}))
    progress(TrialReported(1.0, 1, 0, 7, {progress.target: 0.5}))
    progress(TrialReported(1.0, 3, 0, 2, {progress.target: 0.25}))
    rows = worker_rows(progress)
    assert [(worker, cells[0], *cells[2:]) for worker, cells in rows] == [
        (0, "1, 3 together", "7", "0.5", "x=0.25"),
        (1, "3", "2", "0.25", "x=0.75"),
    ]
    progress(TrialEnded(2.0, 1, 0, TrialState.COMPLETE, 2.0, {progress.target: 0.5}))
    progress(TrialInterrupted(2.0, 2, 0))
    assert worker_rows(progress)[0][1][0] == "0"
