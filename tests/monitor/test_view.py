"""The view that is built from a journal; no viewer misses a change, whatever its offset."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.monitor.view import SweepView
from morphogenetic_engine.sweeps.record.events import (
    Event,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.conftest import StartSweep
from tests.monitor.stories import stories
from tests.monitor.viewer import Viewer


def viewed(folder: SweepFolder, events: list[Event]) -> SweepView:
    """Returns the view after some events, of which each takes ten bytes."""
    view = SweepView(folder.read_info())
    for index, event in enumerate(events, start=1):
        view.apply(event, 10 * index)
    return view


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(story=stories(), cuts=st.lists(st.integers(0, 60), max_size=4))
def test_changes_since_any_byte_lead_to_what_a_new_viewer_sees(
    folder: SweepFolder, story: list[Event], cuts: list[int]
) -> None:
    view, old, known = SweepView(folder.read_info()), Viewer(), 0
    for index, event in enumerate(story, start=1):
        view.apply(event, 10 * index)
        if index in cuts:
            old.take_changes(view.changes(known))
            known = view.offset
    old.take_changes(view.changes(known))
    new = Viewer()
    new.take_changes(view.changes(0))
    assert (old.rows, old.curves, old.failures, old.summary) == (new.rows, new.curves, new.failures, new.summary)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(story=stories())
def test_the_numbers_are_those_of_the_trials(folder: SweepFolder, story: list[Event]) -> None:
    view = viewed(folder, story)
    trials = list(view.history.trials.values())
    summary = view.summary()
    assert summary["counts"] == {state.value: sum(trial.state is state for trial in trials) for state in TrialState}
    assert summary["reasons"] == {
        trial.reason: sum(other.reason == trial.reason for other in trials) for trial in trials if trial.reason
    }
    assert summary["busy"] == len({trial.number % 2 for trial in trials if trial.state is TrialState.RUNNING})
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    best = min(complete, key=lambda trial: (-trial.metrics["val_acc"], trial.number), default=None)
    assert summary["best"] == (best.number if best else None)


def test_a_running_trial_shows_what_it_reported_last_and_an_ended_one_what_it_returned(folder: SweepFolder) -> None:
    begun: list[Event] = [
        SessionStarted(1.0, 1, "here", "0", 2),
        TrialStarted(2.0, 0, 0, 1, 7, {"x": 0.25}),
        TrialReported(3.0, 0, 0, 4, {"val_acc": 0.5}),
    ]
    end = TrialEnded(4.0, 0, 0, TrialState.COMPLETE, 2.0, {"val_acc": 0.75})
    columns = viewed(folder, []).header()["columns"]
    assert columns == [
        *("number", "state", "attempt", "worker", "started", "duration", "step", "replicate", "reason", "ruled_out"),
        *("val_acc", "x"),
    ]
    assert viewed(folder, begun).changes(0)["rows"] == [
        [0, "running", 0, 1, 2.0, None, 4, None, None, False, 0.5, 0.25]
    ]
    after = viewed(folder, [*begun, end])
    assert after.changes(0)["rows"] == [[0, "complete", 0, 1, 2.0, 2.0, 4, None, None, False, 0.75, 0.25]]
    assert not after.changes(40)["rows"]


def test_whole_numbers_that_a_browser_would_round_are_text(start: StartSweep) -> None:
    large = 2**53 + 1
    folder = start(f"experiment: {{workload: 'toy:nothing'}}\nparameters: {{x: [1, {large}]}}")
    events: list[Event] = [TrialStarted(2.0, 0, 0, 0, 7, {"x": 1}), TrialStarted(2.0, 1, 0, 1, 7, {"x": large})]
    rows = viewed(folder, events).changes(0)["rows"]
    assert isinstance(rows, list)
    assert [row[-1] for row in rows] == [1, str(large)]


@pytest.mark.parametrize(
    "event",
    [TrialReported(1.0, 3, 0, 0, {"val_acc": 0.0}), TrialEnded(1.0, 3, 0, TrialState.COMPLETE, 1.0, {"val_acc": 0.0})],
    ids=lambda event: event.kind,
)
def test_an_event_of_a_trial_that_never_started_is_an_error_and_changes_nothing(
    folder: SweepFolder, event: Event
) -> None:
    view = viewed(folder, [SessionStarted(1.0, 1, "here", "0", 2)])
    with pytest.raises(SweepError, match="trial 3 has a .*, but never started"):
        view.apply(event, 20)
    assert view.offset == 10


def test_a_resumed_sweep_may_have_more_trials(folder: SweepFolder) -> None:
    view = viewed(folder, [])
    assert view.summary()["total"] == 8
    info = folder.read_info()
    optimization = info.config.optimization.model_copy(update={"n_trials": 5})
    config = info.config.model_copy(update={"optimization": optimization})
    view.use(info.model_copy(update={"config": config, "trials": 5}))
    assert view.summary()["total"] == 5
