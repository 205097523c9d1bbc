"""Results read from the journal: states, counts, curves, the best trial."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import FailureReason, SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialInterrupted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder, new_sweep
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.trials import History, read_history
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from tests.reports.sweeps import sweep
from tests.reports.sweeps import trial as record


def _session(time: float) -> SessionStarted:
    return SessionStarted(time, pid=1, host="h", version="0", max_parallel=1)


def _started(number: int, attempt: int = 0, time: float = 0.0) -> TrialStarted:
    return TrialStarted(time, number, attempt, worker=0, seed=number + 100, params={"x": number})


def _complete(number: int, value: float, metric: str = "val_acc") -> TrialEnded:
    return TrialEnded(0.0, number, 0, TrialState.COMPLETE, duration=1.5, metrics={metric: value})


def _failed(number: int) -> TrialEnded:
    return TrialEnded(0.0, number, 0, TrialState.FAILED, 1.0, reason=FailureReason.TIMEOUT, message="late")


def _history(*events: Event, keep_curves: bool = True) -> History:
    history = History(keep_curves=keep_curves)
    for event in events:
        history.apply(event)
    return history


def _folder(place: Path, optimization: dict[str, object] | None = None) -> SweepFolder:
    config = SweepConfig.model_validate({"optimization": optimization or {}})
    return new_sweep(place, "one", ConfigFile(Path("sweep.yaml"), "", config), config)


def _result(place: Path, *events: Event, optimization: dict[str, object] | None = None) -> SweepResult:
    folder = _folder(place, optimization)
    with Journal(folder.journal) as journal:
        for event in events:
            journal.append(event)
    return read_result(folder)


def test_a_trial_is_what_its_events_say() -> None:
    history = _history(_started(3, time=7.0), _complete(3, 0.5))
    trial = history.trials[3]
    assert (trial.number, trial.seed, trial.params) == (3, 103, {"x": 3})
    assert (trial.state, trial.metrics, trial.duration) == (TrialState.COMPLETE, {"val_acc": 0.5}, 1.5)
    assert (trial.started, trial.attempt, trial.reason, trial.message) == (7.0, 0, None, "")
    assert history.any_complete


@pytest.mark.parametrize(
    ("last", "state", "ended"),
    [
        (None, TrialState.RUNNING, False),
        (TrialInterrupted(0.0, 0, 0), TrialState.INTERRUPTED, False),
        (AttemptFailed(0.0, 0, 0, FailureReason.KILLED, "died"), TrialState.INTERRUPTED, False),
        (_failed(0), TrialState.FAILED, True),
        (TrialEnded(0.0, 0, 0, TrialState.PRUNED, 1.0), TrialState.PRUNED, True),
        (_complete(0, 1.0), TrialState.COMPLETE, True),
    ],
)
def test_the_last_event_of_a_trial_decides_where_it_stands(last: Event | None, state: TrialState, ended: bool) -> None:
    history = _history(_started(0), *([last] if last else []))
    assert history.trials[0].state is state
    assert history.ended(0) is ended
    assert history.any_complete is (state is TrialState.COMPLETE)
    assert not history.ended(1)


def test_a_failed_trial_keeps_reason_and_message() -> None:
    trial = _history(_started(0), _failed(0)).trials[0]
    assert (trial.reason, trial.message) == (FailureReason.TIMEOUT, "late")


def test_a_failed_trial_that_runs_again_is_not_failed_any_more() -> None:
    trial = _history(_started(0), _failed(0), _started(0, attempt=1)).trials[0]
    assert (trial.state, trial.reason, trial.message) == (TrialState.RUNNING, None, "")


def test_attempts_are_counted_by_what_ended_them() -> None:
    trial = _history(
        _started(0),
        AttemptFailed(0.0, 0, 0, FailureReason.KILLED, "died"),
        _started(0, attempt=1),
        AttemptFailed(0.0, 0, 1, FailureReason.EXCEPTION, "raised"),
        _started(0, attempt=2, time=9.0),
        AttemptFailed(0.0, 0, 2, FailureReason.KILLED, "died"),
        _started(0, attempt=3, time=11.0),
    ).trials[0]
    assert (trial.crashes, trial.exceptions, trial.attempt, trial.started) == (2, 1, 3, 11.0)
    assert trial.state is TrialState.RUNNING


def test_a_later_attempt_overwrites_the_steps_that_it_reports_again() -> None:
    events: list[Event] = [
        _started(0),
        TrialReported(0.0, 0, 0, 0, {"loss": 3.0}),
        TrialReported(0.0, 0, 0, 1, {"loss": 2.0}),
        TrialInterrupted(0.0, 0, 0),
        _started(0, attempt=1),
        TrialReported(0.0, 0, 1, 1, {"loss": 1.0}),
    ]
    assert _history(*events).trials[0].curve == {0: {"loss": 3.0}, 1: {"loss": 1.0}}
    assert _history(*events, keep_curves=False).trials[0].curve == {}


def test_the_seconds_of_a_sweep_are_those_of_its_sessions_and_not_the_pauses_between() -> None:
    events: list[Event] = [
        _session(100.0),
        _started(0, time=101.0),
        SessionEnded(110.0, Outcome.INTERRUPTED),
        _session(500.0),
        _started(0, time=504.0),
    ]
    assert _history().seconds == 0
    assert _history(*events[:2]).seconds == 1
    assert _history(*events[:3]).seconds == 10
    assert _history(*events).seconds == 14


def test_a_clock_that_is_set_back_takes_no_time_away() -> None:
    events: list[Event] = [
        _session(100.0),
        _started(0, time=109.0),
        replace(_complete(0, 1.0), time=40.0),
        _session(50.0),
    ]
    assert _history(*events[:3]).seconds == _history(*events).seconds == 9


def test_a_trial_that_a_killed_session_left_running_does_not_make_the_pause_count() -> None:
    # The next session gives the trial up before it starts.
    events: list[Event] = [_session(100.0), _started(0, time=104.0), TrialInterrupted(9000.0, 0, 0), _session(9000.0)]
    assert _history(*events).seconds == 4


def test_sessions_are_kept_and_the_last_end_is_that_of_the_last_session() -> None:
    end = SessionEnded(2.0, Outcome.INTERRUPTED)
    assert _history(_session(1.0), end).last_end == end
    history = _history(_session(1.0), end, _session(3.0))
    assert history.last_end is None
    assert [session.time for session in history.sessions] == [1.0, 3.0]


def test_a_result_counts_its_trials_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    result = _result(
        tmp_path,
        _session(0.0),
        *(_started(number) for number in (2, 0, 1, 3)),
        _complete(2, 0.5),
        _failed(0),
        _complete(1, 0.25),
    )
    assert [trial.number for trial in result.trials] == [0, 1, 2, 3]
    assert result.counts == {TrialState.COMPLETE: 2, TrialState.FAILED: 1, TrialState.RUNNING: 1}
    assert [trial.number for trial in result.complete] == [1, 2]
    assert result.outcome is None


@pytest.mark.parametrize(("direction", "ranked"), [("maximize", [1, 3, 0, 2]), ("minimize", [2, 0, 1, 3])])
def test_the_best_of_equals_is_the_first_in_either_direction(tmp_path: Path, direction: str, ranked: list[int]) -> None:
    events: list[Event] = []
    for number, value in [(3, 0.9), (1, 0.9), (0, 0.5), (2, -0.1)]:
        events += [_started(number), _complete(number, value, "score")]
    result = _result(tmp_path, *events, optimization={"direction": direction, "target_metric": "score"})
    assert [trial.number for trial in result.ranked] == ranked
    assert result.best is result.ranked[0]


def test_only_complete_trials_can_be_the_best(tmp_path: Path) -> None:
    pruned = TrialEnded(0.0, 0, 0, TrialState.PRUNED, 1.0, metrics={"val_acc": 2.0})
    result = _result(tmp_path, _started(0), pruned, _started(1), _complete(1, 1.0), _started(2))
    assert result.best is not None
    assert result.best.number == 1


def test_a_sweep_that_was_never_started_has_nothing(tmp_path: Path) -> None:
    result = read_result(_folder(tmp_path))
    assert (list(result.trials), list(result.sessions), result.best, result.outcome) == ([], [], None, None)


def test_a_sweep_that_ended_says_how(tmp_path: Path) -> None:
    end = SessionEnded(1.0, Outcome.ABORTED, "no space")
    result = _result(tmp_path, _session(0.0), end)
    assert (result.outcome, result.last_end) == (Outcome.ABORTED, end)


@pytest.mark.parametrize("keep", [True, False])
def test_reading_a_result_keeps_the_curves_when_asked(tmp_path: Path, keep: bool) -> None:
    folder = _folder(tmp_path)
    with Journal(folder.journal) as journal:
        for event in (_started(0), TrialReported(0.0, 0, 0, 5, {"loss": 1.0})):
            journal.append(event)
    curve = {5: {"loss": 1.0}} if keep else {}
    assert read_result(folder, keep_curves=keep).trials[0].curve == curve


@pytest.mark.parametrize("event", [_complete(4, 1.0), TrialReported(0.0, 4, 0, 0, {}), TrialInterrupted(0.0, 4, 0)])
def test_a_journal_without_the_start_of_a_trial_is_damaged(tmp_path: Path, event: Event) -> None:
    folder = _folder(tmp_path)
    with Journal(folder.journal) as journal:
        journal.append(event)
    with pytest.raises(SweepError, match=f"^{folder.journal}: trial 4 has a {event.kind}, but never started$"):
        read_history(folder)


GOALS = [{"metric": "val_acc"}, {"metric": "loss", "direction": "minimize"}]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_the_front_is_every_trial_that_no_other_dominates(values: list[tuple[int, int]]) -> None:
    trials = [record(n, {"x": 0.5}, float(a), loss=float(b)) for n, (a, b) in enumerate(values)]
    beaten = {
        n
        for n, (a, b) in enumerate(values)
        if any(other_a >= a and other_b <= b and (other_a, other_b) != (a, b) for other_a, other_b in values)
    }
    front = sweep(trials, objectives=GOALS).pareto_front
    assert {each.number for each in front} == {each.number for each in trials} - beaten
    assert [each.metrics["val_acc"] for each in front] == sorted(
        (each.metrics["val_acc"] for each in front), reverse=True
    )


def test_pruning_saved_what_pruned_trials_lack_to_the_median_of_complete_ones() -> None:
    complete = [record(n, {"x": 0.5}, 0.5, curve=[0.1] * steps) for n, steps in enumerate((4, 10, 11))]
    pruned = [record(3 + n, {"x": 0.5}, 0.1, state=TrialState.PRUNED, curve=[0.1] * n) for n in (2, 7, 12)]
    failed = record(20, {"x": 0.5}, state=TrialState.FAILED, curve=[0.1])
    result = sweep([*complete, *pruned, failed])
    assert (result.steps_saved_by_pruning, result.steps) == (8 + 3, 25 + 21 + 1)
    assert sweep(complete).steps_saved_by_pruning == sweep(pruned).steps_saved_by_pruning == 0
