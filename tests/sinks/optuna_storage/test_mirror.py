"""The study of a sweep in a user's own storage, however often and whenever it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.storages import RDBStorage

from morphogenetic_engine.errors import ConfigError, StoreError, SweepError
from morphogenetic_engine.sinks.optuna_storage.mirror import Mirror, publish
from morphogenetic_engine.sinks.optuna_storage.sync_state import only_mirror
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialInterrupted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.results import read_result
from tests.conftest import StartSweep
from tests.saboteur import Killed, Saboteur
from tests.sinks.mlflow.story import Story
from tests.sinks.postgresql import PostgresServer
from tests.sinks.studies import journal_file, kept_in, plain_storage, states_in, trials_in

# Optuna calls naming the metrics of a study experimental, for the reader in these tests too
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")

Told = Callable[..., SweepFolder]

CALLS = (
    "create_new_study",
    "set_study_user_attr",
    "set_study_system_attr",
    "create_new_trial",
    "set_trial_user_attr",
    "set_trial_intermediate_value",
    "set_trial_state_values",
)


def add(folder: SweepFolder, events: Sequence[Event]) -> None:
    with Journal(folder.journal) as journal:
        for event in events:
            journal.append(event)


@pytest.fixture
def told(start: StartSweep) -> Told:
    """A function that makes a sweep with a storage, and these events in its journal."""

    def tell(address: str, events: Sequence[Event] = (), objectives: str = "target_metric: val_acc") -> SweepFolder:
        folder = start(
            "experiment: {workload: 'toy:nothing', hidden_dim: 32, deep: true}\n"
            "parameters: {lr: [0.1, 0.01, 1.0e-3, 1.0e-4], momentum: {low: 0, high: 1}, name: [a b, c]}\n"
            f"optimization: {{{objectives}, storage: '{address}'}}\n"
        )
        add(folder, events)
        return folder

    return tell


@pytest.fixture
def four_trials() -> list[Event]:
    """A sweep that ended: trial 0 complete, 1 pruned, 2 failed, 3 complete at its second attempt."""
    story = Story().session().start(0).report(0).start(1).report(1, 2).complete(0, 0.2).prune(1)
    story.start(2).start(3).report(3, 2).crash(3).fail(2, "ValueError: lr is too large").start(3, 1)
    return story.report(3, 3, 1).complete(3, 0.9, 1).end().events


def test_the_study_has_every_trial_as_the_journal_tells_it(told: Told, storage: str, four_trials: list[Event]) -> None:
    folder = told(storage, four_trials)
    assert publish(folder).trials == 4
    trials = trials_in(storage, folder.sweep_id)
    assert [trial.number for trial in trials] == [0, 1, 2, 3]
    assert [trial.state.name for trial in trials] == ["COMPLETE", "PRUNED", "FAIL", "COMPLETE"]
    assert [trial.values for trial in trials] == [[0.2], [1.1], None, [0.9]]
    assert [trial.params for trial in trials] == [{"lr": 10.0 ** -(n + 1), "name": "a b"} for n in range(4)]
    assert trials[0].distributions["name"] == CategoricalDistribution(("a b", "c"))
    assert [trial.intermediate_values for trial in trials[:2]] == [{0: 0.0, 1: 0.1, 2: 0.2}, {0: 1.0, 1: 1.1}]
    assert trials[2].user_attrs["reason"] == "exception"
    assert trials[2].user_attrs["message"] == "ValueError: lr is too large"
    assert trials[3].user_attrs == {
        "sweep_id": folder.sweep_id, "trial": 3, "seed": 103, "attempt": 1, "test_acc": 0.45
    }  # fmt: skip
    for trial, record in zip(trials, read_result(folder).trials, strict=True):
        assert trial.datetime_start == datetime.fromtimestamp(record.started)
        assert trial.datetime_complete == datetime.fromtimestamp(record.started + record.duration)


def test_publishing_again_finds_nothing_to_write(told: Told, storage: str, four_trials: list[Event]) -> None:
    folder = told(storage, four_trials)
    publish(folder)
    before = kept_in(storage, folder.sweep_id)
    assert publish(folder).trials == 0
    (folder.path / "storage.json").unlink()
    assert publish(folder).trials == 0
    assert kept_in(storage, folder.sweep_id) == before


def test_event_by_event_comes_to_the_same_as_all_at_once(
    told: Told, storage: str, tmp_path: Path, four_trials: list[Event]
) -> None:
    folder = told(storage)
    with only_mirror(folder):
        mirror = Mirror(folder)
        for event in four_trials:
            add(folder, [event])
            mirror.catch_up(lambda: False)
        assert mirror.session_ended
        mirror.close()
    at_once = str(tmp_path / "at_once.log")
    with only_mirror(folder):
        mirror = Mirror(folder, at_once)
        mirror.settle()
        mirror.close()
    assert kept_in(storage, folder.sweep_id) == kept_in(at_once, folder.sweep_id)
    assert publish(folder).trials == 0


def test_the_study_has_the_directions_and_names_of_the_objectives(told: Told, storage: str) -> None:
    objectives = "objectives: [{metric: val_acc}, {metric: test_acc, direction: minimize}]"
    folder = told(storage, Story().session().start(0).report(0).complete(0, 0.5).end().events, objectives)
    publish(folder)
    with plain_storage(storage) as opened:
        study = optuna.load_study(study_name=folder.sweep_id, storage=opened)
        assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
        assert study.metric_names == ["val_acc", "test_acc"]
        assert [trial.values for trial in study.best_trials] == [[0.5, 0.25]]
        assert study.user_attrs["sweep_id"] == folder.sweep_id


def test_the_study_has_the_outcome_constraints_of_complete_trials(told: Told, storage: str) -> None:
    story = Story().session().start(0).report(0).complete(0, 0.2).start(1).complete(1, 0.8).end()
    folder = told(storage, story.events, "outcome_constraints: {test_acc: {max: 0.2}}")
    publish(folder)
    found = [trial.constraints for trial in trials_in(storage, folder.sweep_id)]
    assert [each["test_acc max"] for each in found] == pytest.approx([-0.5, 1.0])
    assert publish(folder).trials == 0


def test_a_trial_that_was_given_up_waits_and_then_goes_on(told: Told, storage: str) -> None:
    story = Story().session().start(0).report(0, 2)
    folder = told(storage, [*story.events, TrialInterrupted(story.time, 0, 0)])
    publish(folder)
    assert states_in(storage, folder.sweep_id) == ["WAITING"]
    story.events = []
    add(folder, story.session().start(0, 1).events)
    with only_mirror(folder), Journal(folder.journal):
        mirror = Mirror(folder)
        mirror.catch_up(lambda: False)
        mirror.close()
    trial = trials_in(storage, folder.sweep_id)[0]
    assert (trial.state.name, trial.datetime_start) == ("RUNNING", datetime.fromtimestamp(story.time))
    assert trial.intermediate_values == {0: 0.0, 1: 0.1}


def test_trials_that_a_killed_sweep_was_running_wait(told: Told, storage: str) -> None:
    folder = told(storage, Story().session().start(0).start(1).complete(1, 0.5).events)
    publish(folder)
    assert states_in(storage, folder.sweep_id) == ["WAITING", "COMPLETE"]


def test_a_failed_trial_that_ran_again_is_shown_as_it_ended_at_last(
    told: Told, storage: str, four_trials: list[Event]
) -> None:
    folder = told(storage, four_trials)
    publish(folder)
    story = Story(time=1_700_000_100.0).session().start(2, 1).complete(2, 0.7, 1)
    add(folder, story.events)
    with only_mirror(folder):
        mirror = Mirror(folder)
        mirror.catch_up(lambda: False)
        assert states_in(storage, folder.sweep_id)[2] == "FAIL"  # Optuna changes no trial that has ended
        add(folder, story.end().events[-1:])
        mirror.settle()
        mirror.close()
    assert states_in(storage, folder.sweep_id) == ["COMPLETE", "PRUNED", "COMPLETE", "COMPLETE"]
    assert publish(folder).trials == 0


@pytest.mark.slow
def test_killed_between_any_two_calls_and_published_again_has_everything_once(
    told: Told, tmp_path: Path, four_trials: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite:///{tmp_path / 'optuna.db'}"
    folder = told(address)
    expected: list[dict[str, object]] = []
    for passing in count(-1):  # the first round is left alone
        saboteur = Saboteur(passing if expected else 10**6, Killed, after=passing % 2 == 0)
        folder.journal.unlink(missing_ok=True)
        with monkeypatch.context() as patch:
            for name in CALLS:
                patch.setattr(RDBStorage, name, saboteur.wrapped(getattr(RDBStorage, name)))
            try:
                send_in_two_parts(folder, four_trials)
            except Killed:
                pass
        if expected and not saboteur.struck:
            assert passing > 10
            break
        folder.journal.unlink()
        add(folder, four_trials)
        publish(folder)
        expected = expected or kept_in(address, folder.sweep_id)
        assert kept_in(address, folder.sweep_id) == expected, f"killed at call {passing}"
        with plain_storage(address) as opened:
            optuna.delete_study(study_name=folder.sweep_id, storage=opened)


def send_in_two_parts(folder: SweepFolder, events: Sequence[Event]) -> None:
    """Writes trials both while they run and after their end."""
    with only_mirror(folder):
        mirror = Mirror(folder)
        try:
            for part in (events[:7], events[7:]):
                add(folder, part)
                mirror.catch_up(lambda: False)
        finally:
            mirror.close()


def test_a_trial_whose_creation_was_answered_too_late_is_there_once(
    told: Told, storage: str, four_trials: list[Event]
) -> None:
    folder = told(storage, four_trials[:2])
    publish(folder)
    with plain_storage(storage) as opened:
        study = optuna.load_study(study_name=folder.sweep_id, storage=opened)
        study.add_trial(study.trials[0])
    add(folder, four_trials[2:])
    publish(folder)
    assert states_in(storage, folder.sweep_id) == ["COMPLETE", "PRUNED", "FAIL", "COMPLETE"]


def test_somebody_elses_study_of_the_same_name_is_left_alone(
    told: Told, storage: str, four_trials: list[Event]
) -> None:
    folder = told(storage, four_trials)
    with plain_storage(storage) as opened:
        study = optuna.create_study(study_name=folder.sweep_id, storage=opened)
        study.add_trial(optuna.create_trial(value=1.0, params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}))
    with pytest.raises(StoreError, match="is not this sweep's; delete it there, or run the sweep under another id"):
        publish(folder)
    assert [trial.params for trial in trials_in(storage, folder.sweep_id)] == [{"x": 0.5}]


def test_trials_that_somebody_added_to_the_study_are_not_deleted(
    told: Told, storage: str, four_trials: list[Event]
) -> None:
    folder = told(storage, four_trials)
    publish(folder)
    with plain_storage(storage) as opened:
        optuna.load_study(study_name=folder.sweep_id, storage=opened).enqueue_trial({"lr": 0.1})
    with pytest.raises(StoreError, match="has trials that are not the sweep's"):
        publish(folder)
    assert len(trials_in(storage, folder.sweep_id)) == 5


def test_an_empty_study_of_the_name_is_used(told: Told, storage: str, four_trials: list[Event]) -> None:
    folder = told(storage, four_trials)
    with plain_storage(storage) as opened:
        optuna.create_study(study_name=folder.sweep_id, storage=opened, direction="minimize")
    publish(folder)
    assert len(trials_in(storage, folder.sweep_id)) == 4


def test_a_study_that_was_deleted_comes_back(told: Told, storage: str, four_trials: list[Event]) -> None:
    folder = told(storage, four_trials)
    publish(folder)
    with plain_storage(storage) as opened:
        optuna.delete_study(study_name=folder.sweep_id, storage=opened)
    assert publish(folder).trials == 4


def test_one_process_writes_at_a_time(told: Told, tmp_path: Path) -> None:
    folder = told(journal_file(tmp_path), Story().session().end(Outcome.FINISHED).events)
    with only_mirror(folder), pytest.raises(SweepError, match="is being published by process"):
        publish(folder)


def test_a_sweep_without_a_storage_says_so(start: StartSweep) -> None:
    folder = start("experiment: {workload: 'toy:nothing'}\nparameters: {x: [1]}\n")
    with pytest.raises(ConfigError, match=r"optimization\.storage: is not given"):
        publish(folder)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("sqlite:////nowhere/optuna.db", "unable to open database file"),
        ("/nowhere/optuna.log", "No such file or directory"),
        ("postgresql+psycopg://me:s3cret@127.0.0.1:1/db", "postgresql.psycopg://127.0.0.1:1/db: connection refused"),
        ("mysql+nodriver://me:s3cret@host/db", "mysql.nodriver"),
    ],
)
def test_a_storage_that_cannot_be_reached_is_one_line_without_credentials(
    told: Told, address: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE", address)
    folder = told("${STORAGE}", Story().session().end(Outcome.FINISHED).events)
    with pytest.raises(StoreError, match=why) as raised:
        publish(folder)
    assert "s3cret" not in str(raised.value) and "\n" not in str(raised.value)


def test_a_wrong_password_is_one_line(told: Told, postgresql: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE", postgresql.url().replace("s3cret", "wr0ng"))
    folder = told("${STORAGE}", Story().session().end(Outcome.FINISHED).events)
    with pytest.raises(StoreError, match="password authentication failed") as raised:
        publish(folder)
    assert "wr0ng" not in str(raised.value)
