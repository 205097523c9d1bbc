"""The attempts of each worker, over sessions that end and sessions that are killed."""

from __future__ import annotations

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.attempts import Attempts
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    ConfirmationEnded,
    Event,
    SessionStarted,
    TrialEnded,
    TrialInterrupted,
    TrialReported,
    TrialStarted,
    TrialState,
)


def attempts(*events: Event) -> Attempts:
    found = Attempts()
    for event in events:
        found.apply(event)
    return found


def session(time: float, workers: int = 2) -> SessionStarted:
    return SessionStarted(time, pid=1, host="h", version="0", max_parallel=workers)


def started(time: float, trial: int, attempt: int = 0, worker: int = 0) -> TrialStarted:
    return TrialStarted(time, trial, attempt, worker, seed=1, params={})


def ended(time: float, trial: int) -> TrialEnded:
    return TrialEnded(time, trial, 0, TrialState.COMPLETE, 1.0, {"val_acc": 1.0})


def test_an_attempt_has_its_worker_and_its_times() -> None:
    found = attempts(session(1), started(2, 7, worker=1), ended(5, 7))
    one = found.all[0]
    assert (one.trial, one.worker, one.started, one.ended, one.state) == (7, 1, 2, 5, TrialState.COMPLETE)


def test_every_attempt_at_a_trial_is_kept() -> None:
    failed = AttemptFailed(3, 0, 0, FailureReason.KILLED, "died")
    found = attempts(session(1), started(2, 0), failed, started(4, 0, attempt=1), ended(6, 0))
    assert [(each.attempt, each.ended, each.state) for each in found.all] == [
        (0, 3, TrialState.INTERRUPTED),
        (1, 6, TrialState.COMPLETE),
    ]


def test_a_killed_session_ends_with_the_last_that_was_heard_of_it() -> None:
    found = attempts(
        session(1),
        started(2, 0),
        TrialReported(9, 0, 0, 0, {"val_acc": 0.0}),
        session(100, workers=4),
        TrialInterrupted(101, 0, 0),
        started(102, 0, attempt=1),
    )
    first, second = found.all[0], found.all[1]
    assert (first.ended, first.state, first.session) == (9, TrialState.INTERRUPTED, 0)
    assert (second.ended, second.state, second.session) == (None, TrialState.RUNNING, 1)
    assert [(span.started, span.ended, span.max_parallel) for span in found.spans] == [(1, 9, 2), (100, 102, 4)]


def test_an_attempt_that_its_own_session_interrupts_ends_then() -> None:
    found = attempts(session(1), started(2, 0), TrialInterrupted(7, 0, 0))
    assert (found.all[0].ended, found.all[0].state) == (7, TrialState.INTERRUPTED)
    assert found.spans[0].ended == 7


def test_each_of_several_killed_sessions_ends_with_its_own_last_word() -> None:
    found = attempts(session(1), started(2, 0), session(10), started(15, 0, attempt=1), session(100))
    assert [(each.ended, each.session) for each in found.all] == [(2, 0), (15, 1)]
    assert [(span.started, span.ended) for span in found.spans] == [(1, 2), (10, 15), (100, 100)]


def test_an_attempt_in_no_session_is_given_up_as_it_began() -> None:
    found = attempts(started(2, 0), session(10))
    assert (found.all[0].ended, found.all[0].state) == (2, TrialState.INTERRUPTED)


def test_a_clock_that_is_set_back_makes_no_session_shorter() -> None:
    report = TrialReported(7, 0, 0, 0, {"val_acc": 0.0})
    found = attempts(session(10), started(12, 0), report, ended(5, 0))
    assert [(span.started, span.ended) for span in found.spans] == [(10, 12)]


def test_a_confirmation_belongs_to_no_session() -> None:
    late = ConfirmationEnded(50, 0, 0, 1, TrialState.COMPLETE, 1.0, {"val_acc": 1.0})
    assert attempts(session(1), started(2, 0), ended(3, 0), late).spans[0].ended == 3
