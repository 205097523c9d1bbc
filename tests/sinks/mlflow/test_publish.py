"""A published sweep on a real MLflow server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, StoreError, SweepError
from morphogenetic_engine.sinks.mlflow import client as server_module
from morphogenetic_engine.sinks.mlflow import publish
from morphogenetic_engine.sinks.mlflow.sync_state import only_publisher
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialInterrupted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal
from tests.sinks.mlflow.conftest import SWEEP_YAML, MakeSweep
from tests.sinks.mlflow.kept_runs import Reader
from tests.sinks.mlflow.server_process import Server
from tests.sinks.mlflow.story import Story

# mlflow 3.17 uses a strategy of sqlalchemy that 2.1 deprecates; it shows when mlflow's store is first imported
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")]

Read = Callable[[str], Reader]
AddEvents = Callable[[SweepFolder, Sequence[Event]], None]


def add_model(folder: SweepFolder, trial: int, content: str = "weights") -> None:
    folder.trial(trial).mkdir(parents=True, exist_ok=True)
    (folder.trial(trial) / "model.pt").write_text(content, encoding="utf-8")


def test_a_sweep_is_a_run_and_its_trials_are_nested_runs(
    server: Server, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials)
    published = publish(folder, uri=server.uri)
    kept = reader(server.uri).sweep(folder)
    assert (published.trials, published.run_id) == (4, kept.run.run_id)
    assert kept.nested == 4
    assert sorted(kept.trials) == [f"trial {number}" for number in range(4)]
    assert kept.run.name == folder.sweep_id
    assert kept.run.params == {"hidden_dim": "32", "deep": "true"}
    assert (kept.run.status, kept.run.tags["morphogenetic.outcome"]) == ("FINISHED", "finished")
    assert kept.run.tags["morphogenetic.best_trial"] == "3"
    assert kept.run.curve("best_val_acc") == [(1, 0.2), (2, 0.2), (3, 0.2), (4, 0.9)]
    assert kept.run.curve("trials_pruned")[-1] == (4, 1.0)


def test_states_and_reasons_are_kept(
    server: Server, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials)
    publish(folder, uri=server.uri)
    trials = reader(server.uri).sweep(folder).trials
    assert [trials[f"trial {n}"].status for n in range(4)] == ["FINISHED", "KILLED", "FAILED", "FINISHED"]
    states = [trials[f"trial {n}"].tags["morphogenetic.state"] for n in range(4)]
    assert states == ["complete", "pruned", "failed", "complete"]
    assert trials["trial 2"].tags["morphogenetic.reason"] == "exception"
    assert trials["trial 2"].tags["morphogenetic.message"] == "ValueError: lr is too large"
    assert trials["trial 3"].tags["morphogenetic.attempt"] == "1"


def test_params_metrics_and_times_are_those_of_the_journal(
    server: Server, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials)
    publish(folder, uri=server.uri)
    trial = reader(server.uri).sweep(folder).trials["trial 0"]
    assert trial.params == {"lr": "0.1", "deep": "true", "hidden_dim": "32", "name": "a b"}
    assert trial.curve("val_acc") == [(0, 0.0), (1, 0.1), (2, 0.2)]
    assert trial.curve("loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert trial.curve("test_acc") == [(2, 0.1)]
    assert trial.started == 1000 * four_trials[1].time
    assert trial.ended is not None and trial.started < trial.ended < 1000 * four_trials[-1].time


def test_the_best_model_the_table_and_the_configuration_are_kept(
    server: Server, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials)
    add_model(folder, 0, "worse")
    add_model(folder, 3, "best")
    folder.table.write_text("number,state\n", encoding="utf-8")
    published = publish(folder, uri=server.uri)
    read = reader(server.uri)
    assert read.artifacts(published.run_id) == ["best_trial_3", "config.yaml", "sweep.json", "trials.csv"]
    assert read.text(published.run_id, "best_trial_3/model.pt") == "best"
    assert read.text(published.run_id, "config.yaml") == folder.config.read_text(encoding="utf-8")


def test_publish_twice_sends_once(
    server: Server, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials)
    add_model(folder, 3)
    first = publish(folder, uri=server.uri)
    kept = reader(server.uri).sweep(folder)
    second = publish(folder, uri=server.uri)
    assert (second.trials, second.artifacts, second.run_id) == (0, 0, first.run_id)
    assert reader(server.uri).sweep(folder) == kept


def test_without_its_memory_publish_finds_what_is_there(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials)
    publish(folder, uri=database)
    kept = reader(database).sweep(folder)
    (folder.path / "tracking.json").unlink()
    publish(folder, uri=database)
    assert reader(database).sweep(folder) == kept


def test_another_experiment_gets_everything_too(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials)
    publish(folder, uri=database)
    assert publish(folder, uri=database, experiment="second").trials == 4
    assert reader(database).sweep(folder, "second") == reader(database).sweep(folder)
    assert publish(folder, uri=database).trials == 0


def test_a_resumed_sweep_adds_to_its_run(
    database: str, make_sweep: MakeSweep, story: Story, add_events: AddEvents, reader: Read
) -> None:
    folder = make_sweep(story.session().start(0).report(0, 2).events)
    with Journal(folder.journal):  # it runs
        publish(folder, uri=database)
        running = reader(database).sweep(folder)
    assert (running.run.status, running.trials["trial 0"].status) == ("RUNNING", "RUNNING")
    story.events = [TrialInterrupted(story.time, 0, 0)]
    add_events(folder, story.end(Outcome.INTERRUPTED).events)
    publish(folder, uri=database)
    stopped = reader(database).sweep(folder)
    assert (stopped.run.status, stopped.trials["trial 0"].status) == ("KILLED", "SCHEDULED")
    story.events = []
    add_events(folder, story.session().start(0, 1).report(0, 3, 1).complete(0, 0.5, 1).end().events)
    publish(folder, uri=database)
    ended = reader(database).sweep(folder)
    assert ended.run.run_id == running.run.run_id
    assert (ended.run.status, ended.nested, ended.trials["trial 0"].status) == ("FINISHED", 1, "FINISHED")
    assert ended.trials["trial 0"].curve("loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]


def test_a_sweep_whose_process_was_killed_is_shown_as_killed(
    database: str, make_sweep: MakeSweep, story: Story, reader: Read
) -> None:
    folder = make_sweep(story.session().start(0).report(0, 2).events)
    publish(folder, uri=database)
    kept = reader(database).sweep(folder)
    assert (kept.run.status, kept.run.tags["morphogenetic.outcome"]) == ("KILLED", "killed")
    assert kept.trials["trial 0"].status == "SCHEDULED"


def test_a_changed_best_trial_brings_its_model(
    database: str, make_sweep: MakeSweep, story: Story, add_events: AddEvents, reader: Read
) -> None:
    folder = make_sweep(story.session().start(0).complete(0, 0.5).end().events)
    add_model(folder, 0)
    publish(folder, uri=database)
    story.events = []
    add_events(folder, story.session().start(1).complete(1, 0.6).end().events)
    folder.trial(1).joinpath("model").mkdir(parents=True)
    (folder.trial(1) / "model" / "part.bin").write_text("part", encoding="utf-8")
    run_id = publish(folder, uri=database).run_id
    assert reader(database).artifacts(run_id, "best_trial_1") == ["best_trial_1/model"]
    assert reader(database).text(run_id, "best_trial_1/model/part.bin") == "part"


def test_a_deleted_run_is_made_again(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials)
    first = publish(folder, uri=database)
    reader(database).client.delete_run(first.run_id)
    assert publish(folder, uri=database).trials == 4
    assert reader(database).sweep(folder).nested == 4


def test_equal_ids_of_two_sweeps_stay_apart(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], tmp_path: Path
) -> None:
    folder = make_sweep(four_trials)
    first = publish(folder, uri=database)
    shutil.move(folder.path, tmp_path / "elsewhere")
    again = make_sweep(four_trials)
    info = again.read_info()
    again.write_info(info.model_copy(update={"created": "2001-01-01T00:00:00+00:00"}))
    assert publish(again, uri=database).run_id != first.run_id


def test_more_params_metrics_and_text_than_one_call_takes(
    database: str, make_sweep: MakeSweep, story: Story, reader: Read
) -> None:
    fixed = "".join(f", p{number}: {number}" for number in range(150))
    yaml = f"experiment: {{workload: 'tiny:train'{fixed}, lr: [0.1, 0.2]}}\n"
    story.session().start(0).report(0, 1200).fail(0, "x" * 20_000).end()
    folder = make_sweep(story.events, yaml=yaml)
    publish(folder, uri=database)
    kept = reader(database).sweep(folder)
    assert len(kept.run.params) == 150
    assert [step for step, _ in kept.trials["trial 0"].curve("loss")] == list(range(1200))
    assert kept.trials["trial 0"].tags["morphogenetic.message"].startswith("xxx")


def test_a_sweep_that_never_started_has_no_run(database: str, make_sweep: MakeSweep) -> None:
    published = publish(make_sweep(), uri=database)
    assert (published.run_id, published.trials) == ("", 0)


def test_the_default_store_is_beside_the_sweeps(
    make_sweep: MakeSweep, four_trials: list[Event], reader: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = make_sweep(four_trials)
    uri = publish(folder).uri
    assert uri == f"sqlite:///{tmp_path}/results/mlflow.db"
    kept = reader(uri).sweep(folder)
    assert (tmp_path / "results" / "mlflow-artifacts" / kept.run.run_id / "artifacts" / "config.yaml").is_file()


def test_a_second_publisher_is_refused(database: str, make_sweep: MakeSweep, four_trials: list[Event]) -> None:
    folder = make_sweep(four_trials)
    with only_publisher(folder), pytest.raises(SweepError, match="is being published by process"):
        publish(folder, uri=database)


def test_a_deleted_experiment_is_named(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    client = reader(database).client
    client.delete_experiment(client.create_experiment("gone"))
    with pytest.raises(StoreError, match="'gone' was deleted"):
        publish(make_sweep(four_trials), uri=database, experiment="gone")


def test_a_dead_server_is_one_line_without_credentials(
    dead_uri: str, make_sweep: MakeSweep, four_trials: list[Event]
) -> None:
    folder = make_sweep(four_trials)
    with pytest.raises(StoreError) as caught:
        publish(folder, uri=dead_uri.replace("://", "://me:secret@"))
    assert str(caught.value) == f"MLflow at {dead_uri}: connection refused"
    assert "secret" not in (folder.path / "tracking.json").read_text(encoding="utf-8")


def test_credentials_in_the_sweep_file_are_not_published(
    server: Server, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    yaml = f"{SWEEP_YAML}tracking: {{mlflow_uri: '{server.uri.replace('://', '://me:hidden@')}'}}\n"
    folder = make_sweep(four_trials, yaml=yaml)
    run_id = publish(folder).run_id
    texts = [reader(server.uri).text(run_id, name) for name in ("config.yaml", "sweep.json")]
    assert all(server.uri in text and "hidden" not in text.replace("hidden_dim", "") for text in texts)


def test_without_mlflow_the_pip_line_is_given(
    make_sweep: MakeSweep, four_trials: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'morphogenetic-engine\[tracking\]'"):
        publish(make_sweep(four_trials))


def test_a_damaged_memory_is_named(database: str, make_sweep: MakeSweep, four_trials: list[Event]) -> None:
    folder = make_sweep(four_trials)
    (folder.path / "tracking.json").write_text("{", encoding="utf-8")
    with pytest.raises(SweepError, match="tracking.json: is damaged"):
        publish(folder, uri=database)


def test_a_damaged_journal_is_named(database: str, make_sweep: MakeSweep, four_trials: list[Event]) -> None:
    folder = make_sweep(four_trials)
    with folder.journal.open("ab") as file:
        file.write(b"nonsense\n")
    with pytest.raises(SweepError, match="journal.jsonl: .* is not an event"):
        publish(folder, uri=database)
