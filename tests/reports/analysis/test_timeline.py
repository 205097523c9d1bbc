"""The timeline of the workers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from morphogenetic_engine.reports.analysis.cost import cost_of
from morphogenetic_engine.reports.analysis.timeline import most_together, timeline_of
from morphogenetic_engine.sweeps.record.attempts import Attempt, Span
from morphogenetic_engine.sweeps.record.events import TrialState
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}


def test_worker_time_is_what_the_attempts_took() -> None:
    result = sweep([trial(n, {"x": 0.5}, 0.5) for n in range(5)], X)  # two workers, a second each
    cost, timeline = cost_of(result, price_per_hour=3600), timeline_of(result)
    assert (cost.wall_seconds, cost.trial_seconds, cost.worker_seconds, cost.price) == (3, 5, 6, 6)
    assert cost.utilisation == pytest.approx(5 / 6)
    assert [load.busy_seconds for load in timeline.workers] == [3, 2]
    assert np.mean(timeline.busy) * timeline.seconds == pytest.approx(5)
    assert timeline.busy[0] == pytest.approx(2) and timeline.busy[-1] == pytest.approx(1)


def test_the_pause_between_sessions_is_no_time_of_the_sweep() -> None:
    attempts = [
        Attempt(0, 0, 0, 0, 100.0, 104.0, TrialState.COMPLETE),
        Attempt(1, 0, 1, 0, 101.0, 104.0, TrialState.INTERRUPTED),
        Attempt(1, 1, 0, 1, 1000.0, 1005.0, TrialState.COMPLETE),
        Attempt(2, 0, 0, 1, 1005.0, None, TrialState.RUNNING),
    ]
    spans = [Span(100.0, 104.0, 2), Span(1000.0, 1006.0, 1)]
    found = timeline_of(replace(sweep([], X), attempts=attempts, spans=spans))
    assert (found.seconds, found.sessions) == (10, (0, 4))
    assert [(each.trial, each.attempt, each.session, each.start, each.end, each.state) for each in found.bars] == [
        (0, 0, 0, 0, 4, "complete"),
        (1, 0, 0, 1, 4, "interrupted"),
        (1, 1, 1, 4, 9, "complete"),
        (2, 0, 1, 9, 10, "running"),
    ]
    assert [(each.worker, each.attempts, each.busy_seconds, each.share) for each in found.workers] == [
        (0, 3, 10, 1.0),
        (1, 1, 3, 0.75),
    ]
    assert np.mean(found.busy) == pytest.approx(1.3)
    assert (
        found.busy[0] == pytest.approx(1) and found.busy[-1] == pytest.approx(1) and max(found.busy) == pytest.approx(2)
    )


def test_trials_that_a_worker_trains_together_keep_it_busy_once() -> None:
    attempts = [
        Attempt(0, 0, 0, 0, 100.0, 103.0, TrialState.COMPLETE),
        Attempt(1, 0, 0, 0, 101.0, 104.0, TrialState.COMPLETE),
        Attempt(2, 0, 0, 0, 101.0, 102.0, TrialState.COMPLETE),
        Attempt(3, 0, 0, 0, 106.0, 108.0, TrialState.COMPLETE),
    ]
    found = timeline_of(replace(sweep([], X), attempts=attempts, spans=[Span(100.0, 108.0, 1)]))
    assert [(each.attempts, each.busy_seconds, each.share) for each in found.workers] == [(4, 6.0, 0.75)]
    assert np.mean(found.busy) == pytest.approx(0.75) and max(found.busy) == pytest.approx(1)
    assert most_together(found.bars) == 3
    assert most_together([]) == 0 and most_together([found.bars[0], found.bars[3]]) == 1


def test_trials_that_follow_one_another_at_once_are_not_together() -> None:
    assert most_together(timeline_of(sweep([trial(n, {"x": 0.5}, 0.5) for n in range(5)], X)).bars) == 1
