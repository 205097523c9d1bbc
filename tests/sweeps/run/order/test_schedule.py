"""The choice of the next trial: the same set of trials whatever the workers' speed, and after any interruption."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    Outcome,
    TrialEnded,
    TrialInterrupted,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.early_stopping import EarlyStopper
from morphogenetic_engine.sweeps.run.order.schedule import Schedule, tries_again
from morphogenetic_engine.sweeps.schema.execution_section import EarlyStopping, Retries
from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig


def _start(history: History, number: int) -> None:
    history.apply(TrialStarted(0.0, number, 0, 0, 0, {}))


def _end(history: History, number: int, value: float | None) -> None:
    state = TrialState.FAILED if value is None else TrialState.COMPLETE
    history.apply(TrialEnded(0.0, number, 0, state, 0.0, {} if value is None else {"val_acc": value}))


def _stoppers(rule: EarlyStopping | None) -> dict[Outcome, EarlyStopper]:
    return {Outcome.EARLY_STOPPED: EarlyStopper(rule, OptimizationConfig())} if rule else {}


def _run(
    history: History,
    values: list[float | None],
    *,
    workers: int,
    lookahead: int,
    rule: EarlyStopping | None,
    choose: st.DataObject | None,
    sessions_end: bool = False,
) -> list[int]:
    """Runs trials with some workers until nothing is left (or the session is killed); returns the starts in order."""
    schedule = Schedule(history, len(values), lookahead=lookahead, stoppers=_stoppers(rule))
    running: list[int] = []
    starts: list[int] = []
    while True:
        while len(running) < workers and (number := schedule.next()) is not None:
            _start(history, number)
            running.append(number)
            starts.append(number)
        if not running:
            assert schedule.waiting == 0, "a schedule that starts nothing and waits for nothing is stuck"
            return starts
        if sessions_end and choose is not None and choose.draw(st.integers(0, 5)) == 0:
            for number in running:
                history.apply(TrialInterrupted(0.0, number, 0))
            return starts
        index = choose.draw(st.integers(0, len(running) - 1)) if choose is not None else 0
        number = running.pop(index)
        _end(history, number, values[number])
        schedule.ended()


VALUES = st.lists(st.none() | st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.9]), max_size=20)
RULES = st.none() | st.builds(
    EarlyStopping,
    patience=st.integers(1, 4),
    min_trials=st.integers(0, 6),
    threshold=st.none() | st.sampled_from([0.3, 0.9]),
)


@settings(max_examples=200)
@given(VALUES, RULES, st.integers(1, 5), st.data())
def test_the_trials_are_the_same_for_any_number_of_workers_up_to_lookahead_and_any_order_of_ends(
    values: list[float | None], rule: EarlyStopping | None, lookahead: int, choose: st.DataObject
) -> None:
    alone = _run(History(), values, workers=1, lookahead=lookahead, rule=rule, choose=None)
    assert alone == list(range(len(alone)))
    workers = choose.draw(st.integers(1, lookahead))
    together = _run(History(), values, workers=workers, lookahead=lookahead, rule=rule, choose=choose)
    assert together == alone


@settings(max_examples=200)
@given(VALUES, RULES, st.integers(1, 5), st.data())
def test_the_trials_are_the_same_when_sessions_are_killed_at_any_moment(
    values: list[float | None], rule: EarlyStopping | None, lookahead: int, choose: st.DataObject
) -> None:
    alone = History()
    _run(alone, values, workers=1, lookahead=lookahead, rule=rule, choose=None)
    history = History()
    for _ in range(choose.draw(st.integers(0, 4))):
        _run(history, values, workers=lookahead, lookahead=lookahead, rule=rule, choose=choose, sessions_end=True)
    _run(history, values, workers=lookahead, lookahead=lookahead, rule=rule, choose=choose)
    assert {number: trial.metrics for number, trial in history.trials.items()} == {
        number: trial.metrics for number, trial in alone.trials.items()
    }
    assert all(trial.state.final for trial in history.trials.values())


def test_without_a_rule_no_trial_waits_for_another() -> None:
    schedule = Schedule(History(), 3, lookahead=1)
    assert [schedule.next() for _ in range(4)] == [0, 1, 2, None]


def test_with_a_rule_a_trial_waits_for_those_before_the_lookahead() -> None:
    history = History()
    schedule = Schedule(history, 9, lookahead=2, stoppers=_stoppers(EarlyStopping(patience=9)))
    assert [schedule.next() for _ in range(3)] == [0, 1, None]
    for number in (0, 1):
        _start(history, number)
    _end(history, 1, 0.5)
    schedule.ended()
    assert schedule.next() is None
    _end(history, 0, 0.5)
    schedule.ended()
    assert [schedule.next() for _ in range(3)] == [2, 3, None]


def test_a_stopped_sweep_still_runs_the_trials_of_the_lookahead() -> None:
    history = History()
    schedule = Schedule(history, 9, lookahead=3, stoppers=_stoppers(EarlyStopping(threshold=0.5)))
    assert schedule.next() == 0
    _start(history, 0)
    _end(history, 0, 0.7)
    schedule.ended()
    assert schedule.stopped
    assert schedule.waiting == 2
    assert [schedule.next() for _ in range(3)] == [1, 2, None]


def test_interrupted_trials_and_those_that_are_retried_go_first_in_their_order() -> None:
    history = History()
    for number in range(5):
        _start(history, number)
    _end(history, 1, 0.5)
    _end(history, 3, None)
    history.apply(TrialInterrupted(0.0, 4, 0))
    schedule = Schedule(history, 7, lookahead=2)
    assert schedule.waiting == 5
    assert schedule.next() == 0
    schedule.again(0)
    assert schedule.waiting == 5
    assert [schedule.next() for _ in range(6)] == [0, 2, 4, 5, 6, None]


@pytest.mark.parametrize(("retry", "first"), [(False, 2), (True, 1)])
def test_failed_trials_run_again_when_asked(retry: bool, first: int) -> None:
    history = History()
    for number, value in enumerate([0.5, None]):
        _start(history, number)
        _end(history, number, value)
    schedule = Schedule(history, 3, lookahead=1, retry_failed=retry)
    assert schedule.next() == first


def test_a_smaller_total_leaves_out_the_trials_beyond_it() -> None:
    history = History()
    for number in range(4):
        _start(history, number)
        history.apply(TrialInterrupted(0.0, number, 0))
    schedule = Schedule(history, 2, lookahead=1)
    assert schedule.waiting == 2
    assert [schedule.next() for _ in range(3)] == [0, 1, None]


def test_a_larger_total_goes_on_where_the_sweep_ended() -> None:
    history = History()
    for number in range(2):
        _start(history, number)
        _end(history, number, 0.5)
    assert Schedule(history, 2, lookahead=1).waiting == 0
    schedule = Schedule(history, 4, lookahead=1)
    assert [schedule.next() for _ in range(3)] == [2, 3, None]


def test_stop_leaves_nothing_waiting() -> None:
    history = History()
    _start(history, 0)
    history.apply(TrialInterrupted(0.0, 0, 0))
    schedule = Schedule(history, 9, lookahead=1)
    schedule.stop()
    assert schedule.waiting == 0
    assert schedule.next() is None


@pytest.mark.parametrize(
    ("reason", "failures", "again"),
    [
        (FailureReason.KILLED, [], True),
        (FailureReason.KILLED, [FailureReason.KILLED], False),
        (FailureReason.KILLED, [FailureReason.EXCEPTION], True),
        (FailureReason.EXCEPTION, [FailureReason.EXCEPTION], True),
        (FailureReason.EXCEPTION, [FailureReason.EXCEPTION] * 2, False),
        (FailureReason.EXCEPTION, [FailureReason.KILLED] * 2, True),
        (FailureReason.TIMEOUT, [], False),
        (FailureReason.NON_FINITE_METRIC, [], False),
        (FailureReason.MISSING_METRIC, [], False),
        (None, [], False),
    ],
)
def test_crashes_and_exceptions_have_retries_of_their_own(
    reason: FailureReason | None, failures: list[FailureReason], again: bool
) -> None:
    history = History()
    _start(history, 0)
    for attempt, failure in enumerate(failures):
        history.apply(AttemptFailed(0.0, 0, attempt, failure, ""))
    assert tries_again(history.trials[0], reason, Retries(crashes=1, exceptions=2)) is again


def test_without_waiting_no_trial_waits_and_none_starts_after_the_stop() -> None:
    history = History()
    rule = EarlyStopping(threshold=0.5)
    schedule = Schedule(history, 10, lookahead=1, waits=False, stoppers=_stoppers(rule))
    for number in range(3):
        assert schedule.next() == number
        _start(history, number)
    stops = []
    for number, value in ((1, 0.9), (0, 0.1)):  # the rule follows the numbers: nothing is decided before trial 0 ends
        _end(history, number, value)
        schedule.ended()
        stops.append(schedule.stopped)
    assert stops == [None, Outcome.EARLY_STOPPED]
    assert schedule.next() is None and schedule.waiting == 0
