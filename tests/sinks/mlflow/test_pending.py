"""Journal events in, MLflow updates out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sinks.mlflow.pending import PendingUpdates
from morphogenetic_engine.sinks.mlflow.runs import (
    LONGEST_PARAM,
    LONGEST_TAG,
    MetricRow,
    RunUpdate,
    Status,
    TrialUpdate,
    pages,
    shortened,
)
from morphogenetic_engine.sweeps.record.events import (
    ConfirmationEnded,
    Event,
    Outcome,
    ReplicateEnded,
    TrialPaused,
    TrialPromoted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from tests.sinks.mlflow.conftest import SWEEP_YAML, MakeSweep
from tests.sinks.mlflow.story import Story


def told(make_sweep: MakeSweep, events: Sequence[Event]) -> PendingUpdates:
    unsent = PendingUpdates(make_sweep().read_info())
    for event in events:
        unsent.add(event)
    return unsent


def one_trial(unsent: PendingUpdates) -> TrialUpdate:
    (trial,) = unsent.trials()
    return trial


def test_final_metrics_stand_at_the_last_step(make_sweep: MakeSweep, story: Story) -> None:
    run = one_trial(told(make_sweep, story.session().start(0).report(0, 3).complete(0, 0.9).events)).run
    assert [(row.step, row.value) for row in run.metrics if row.key == "val_acc"] == [
        (0, 0),
        (1, 0.1),
        (2, 0.2),
        (2, 0.9),
    ]
    assert [row.step for row in run.metrics if row.key == "test_acc"] == [2]


def test_a_final_metric_that_was_reported_is_not_told_again(make_sweep: MakeSweep, story: Story) -> None:
    run = one_trial(told(make_sweep, story.session().start(0).report(0, 3).complete(0, 0.2).events)).run
    assert [(row.step, row.value) for row in run.metrics if row.key == "val_acc"] == [(0, 0), (1, 0.1), (2, 0.2)]


def test_a_confirmation_is_nothing_that_a_run_of_a_trial_is_told(make_sweep: MakeSweep, story: Story) -> None:
    unsent = PendingUpdates(make_sweep().read_info())
    for event in story.session().start(0).complete(0, 0.9).end().events:
        unsent.skip(event)
    unsent.add(ConfirmationEnded(story.time, 0, 0, 7, TrialState.COMPLETE, 1.0, {"val_acc": 0.8}))
    assert not unsent.trials()
    assert unsent.sweep().status is Status.FINISHED


def test_params_are_typed_as_text(make_sweep: MakeSweep, story: Story) -> None:
    run = one_trial(told(make_sweep, story.session().start(3).events)).run
    assert run.params == {"lr": "0.0001", "deep": "true", "hidden_dim": "32", "name": "a b"}
    assert run.begun and run.status is Status.RUNNING


def test_only_the_last_attempt_is_told(make_sweep: MakeSweep, story: Story) -> None:
    events = story.session().start(0).report(0, 2).crash(0).start(0, 1).report(0, 1, 1).events
    trial = one_trial(told(make_sweep, events))
    assert trial.attempt == 1
    assert [row.step for row in trial.run.metrics] == [0, 0]


def test_a_crashed_trial_waits_for_its_next_attempt(make_sweep: MakeSweep, story: Story) -> None:
    run = one_trial(told(make_sweep, story.session().start(0).report(0, 2).crash(0).events)).run
    assert run.status is Status.SCHEDULED
    assert run.tags["morphogenetic.state"] == "interrupted"


def test_what_was_sent_is_not_told_again(make_sweep: MakeSweep, story: Story) -> None:
    unsent = told(make_sweep, story.session().start(0).report(0, 2).events)
    unsent.clear()
    assert not unsent
    assert not unsent.trials()
    unsent.add(story.complete(0, 0.9).events[-1])
    assert [row.key for row in one_trial(unsent).run.metrics] == ["val_acc", "test_acc"]
    assert not one_trial(unsent).run.begun


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.FINISHED, Status.FINISHED),
        (Outcome.EARLY_STOPPED, Status.FINISHED),
        (Outcome.TIME_IS_UP, Status.FINISHED),
        (Outcome.INTERRUPTED, Status.KILLED),
        (Outcome.ABORTED, Status.FAILED),
    ],
)
def test_the_outcome_is_the_status_of_the_sweep(
    make_sweep: MakeSweep, story: Story, outcome: Outcome, status: Status
) -> None:
    sweep = told(make_sweep, story.session().end(outcome, "why").events).sweep()
    assert (sweep.status, sweep.tags["morphogenetic.outcome"]) == (status, outcome.value)
    assert sweep.tags["morphogenetic.message"] == "why"


def replicate(story: Story, number: int, attempt: int) -> Story:
    now = story.time = story.time + 1
    story.events.append(TrialReported(now, 0, attempt, 0, {"val_acc": 0.1}, number))
    story.events.append(ReplicateEnded(now, 0, attempt, number, 7, {"val_acc": 0.5 + number}, 1.0))
    return story


def test_replicates_have_a_curve_each_and_are_steps_of_their_trial(make_sweep: MakeSweep, story: Story) -> None:
    replicate(replicate(story.session().start(0), 0, 0), 1, 0).complete(0, 1.0)
    rows = one_trial(told(make_sweep, story.events)).run.metrics
    assert [(row.step, row.value) for row in rows if row.key == "val_acc"] == [(0, 0.5), (1, 1.5), (2, 1.0)]
    assert [(row.step, row.value) for row in rows if row.key == "replicate_1/val_acc"] == [(0, 0.1)]


def test_complete_replicates_move_to_the_next_attempt(make_sweep: MakeSweep, story: Story) -> None:
    replicate(story.session().start(0), 0, 0)
    story.events.append(TrialReported(story.time, 0, 0, 0, {"val_acc": 0.3}, 1))
    unsent = told(make_sweep, story.crash(0).events)
    unsent.clear()
    story.events = []
    for event in replicate(story.start(0, 1), 1, 1).complete(0, 1.0, 1).events:
        unsent.add(event)
    rows = one_trial(unsent).run.metrics
    assert [(row.step, row.value) for row in rows if row.key == "val_acc"] == [(0, 0.5), (1, 1.5), (2, 1.0)]
    assert [row.value for row in rows if row.key.startswith("replicate_")] == [0.1, 0.1]


def test_a_retried_failure_no_longer_counts_as_failed(make_sweep: MakeSweep, story: Story) -> None:
    events = story.session().start(0).fail(0, "no").end().session().start(0, 1).complete(0, 0.5, 1).end().events
    rows = told(make_sweep, events).sweep().metrics
    assert [row.value for row in rows if row.key == "trials_failed"] == [1, 0]
    assert [(row.step, row.value) for row in rows if row.key == "trials_complete"] == [(1, 0), (2, 1)]


def test_of_equal_trials_the_first_is_the_best(make_sweep: MakeSweep, story: Story) -> None:
    unsent = told(make_sweep, story.session().start(0).start(1).complete(1, 0.5).complete(0, 0.5).events)
    assert unsent.best is not None and unsent.best.number == 0


def test_a_trial_that_never_started_is_damage(make_sweep: MakeSweep, story: Story) -> None:
    with pytest.raises(SweepError, match="trial 7 has a .*, but never started"):
        told(make_sweep, story.session().complete(7, 0.5).events)


@given(
    params=st.integers(0, 250),
    tags=st.integers(0, 250),
    metrics=st.integers(0, 2500),
)
def test_pages_hold_everything_once_within_the_limits(params: int, tags: int, metrics: int) -> None:
    run = RunUpdate(
        "run",
        0,
        Status.RUNNING,
        params={f"p{number}": "v" for number in range(params)},
        tags={f"t{number}": "v" for number in range(tags)},
        metrics=[MetricRow("m", 0.0, 0, step) for step in range(metrics)],
    )
    cut = list(pages(run, with_params=True))
    assert all(0 < len(page.params) + len(page.tags) + len(page.metrics) <= 1000 for page in cut)
    assert all(len(page.params) + len(page.tags) <= 100 for page in cut)
    assert [key for page in cut for key in page.params] == list(run.params)
    assert [key for page in cut for key in page.tags] == list(run.tags)
    assert [row for page in cut for row in page.metrics] == list(run.metrics)


def test_long_values_are_cut_visibly() -> None:
    run = RunUpdate("run", 0, Status.RUNNING, params={"p": "x" * 9000}, tags={"t": "y" * 9000})
    (page,) = pages(run, with_params=True)
    assert page.params["p"] == "x" * (LONGEST_PARAM - 1) + "…"
    assert len(page.tags["t"]) == LONGEST_TAG
    assert shortened("short", 5) == "short"


def test_a_promoted_trial_goes_on_in_the_run_that_paused(make_sweep: MakeSweep, story: Story) -> None:
    unsent = told(make_sweep, story.session().start(0).report(0, 2).events)
    unsent.add(TrialPaused(story.time, 0, 0, 1, {"val_acc": 0.1}, 0.5))
    paused = one_trial(unsent)
    assert paused.attempt == 0 and paused.run.status is Status.SCHEDULED
    unsent.clear()
    unsent.add(TrialPromoted(story.time, 0, 1))
    unsent.add(TrialStarted(story.time, 0, 1, 0, 100, {"lr": 0.1}))
    unsent.add(TrialReported(story.time, 0, 1, 2, {"val_acc": 0.2}))
    going_on = one_trial(unsent)
    assert going_on.attempt == 0 and going_on.run.resumed and not going_on.run.begun
    assert going_on.run.status is Status.RUNNING
    assert [(row.key, row.step) for row in going_on.run.metrics] == [("val_acc", 2)]


def test_the_best_of_a_constrained_sweep_is_feasible_and_the_others_say_what_they_break(
    make_sweep: MakeSweep, story: Story
) -> None:
    limited = SWEEP_YAML.replace("val_acc}", "val_acc, outcome_constraints: {test_acc: {max: 0.25}}}")
    folder = make_sweep(yaml=limited)
    events = story.session().start(0).complete(0, 0.9).start(1).complete(1, 0.2).events
    unsent = PendingUpdates(folder.read_info())
    for event in events:
        unsent.add(event)
    assert unsent.sweep().tags["morphogenetic.best_trial"] == "1"
    first, second = (each.run.tags for each in unsent.trials())
    assert (first["morphogenetic.feasible"], second["morphogenetic.feasible"]) == ("false", "true")
    assert first["morphogenetic.broken.test_acc"] == "0.45 > 0.25"
