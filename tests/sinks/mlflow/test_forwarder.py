"""A running sweep with a forwarder: MLflow receives everything, and its failures do not affect the sweep."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from morphogenetic_engine.sinks.journal_forwarder import ADDRESS_VARIABLE, JournalForwarder
from morphogenetic_engine.sinks.mlflow import mlflow_sink, publish
from morphogenetic_engine.sinks.mlflow.sync_state import Sent, read_sent, write_sent
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialEnded
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.journal_file.lines import lines_of
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.sinks.mlflow.conftest import MakeSweep
from tests.sinks.mlflow.kept_runs import Reader
from tests.sinks.mlflow.server_process import Server
from tests.sinks.mlflow.story import Story
from tests.waiting import DEADLINE_SECONDS, until

# mlflow 3.17 uses a strategy of sqlalchemy that 2.1 deprecates; it shows when mlflow's store is first imported
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")]

Read = Callable[[str], Reader]
AddEvents = Callable[[SweepFolder, Sequence[Event]], None]
EXPERIMENT = "morphogenetic sweeps"
PATIENT = DEADLINE_SECONDS
"""Seconds: a sender has the lowest priority, and a busy machine lets it wait."""

TINY = """
def train(params, trial):
    for epoch in range(3):
        trial.report(epoch, {"val_acc": epoch * params["lr"]})
    (trial.dir / "model.pt").write_text(str(params["lr"]))
    return {"val_acc": 2 * params["lr"]}
"""


@pytest.fixture
def sweep(make_sweep: MakeSweep, tmp_path: Path) -> SweepFolder:
    """A sweep of four short trials that has not run."""
    (tmp_path / "tiny.py").write_text(TINY, encoding="utf-8")
    return make_sweep()


@pytest.fixture
def silent_uri() -> Iterator[str]:
    """A server that takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def process(folder: SweepFolder, uri: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """The process that follows a sweep; its standard input is open until the test closes it."""
    command = [sys.executable, "-m", "morphogenetic_engine.sinks", "mlflow", str(folder.path), *options]
    environment = {**os.environ, ADDRESS_VARIABLE: uri}
    with (folder.path / "tracking.log").open("ab") as log:
        started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment)
    try:
        yield started
    finally:
        started.kill()
        hang_up(started)
        started.wait()


def hang_up(started: subprocess.Popen[bytes]) -> None:
    assert started.stdin is not None
    started.stdin.close()


def test_a_sweep_that_ran_with_a_follower_is_in_mlflow(server: Server, sweep: SweepFolder, reader: Read) -> None:
    warnings: list[str] = []
    with JournalForwarder(sweep, "mlflow", address=server.uri, warn=warnings.append, drain=PATIENT):
        outcome = run_sweep(sweep)
    assert (outcome, warnings) == (Outcome.FINISHED, [])
    kept = reader(server.uri).sweep(sweep)
    assert [kept.trials[f"trial {n}"].status for n in range(4)] == ["FINISHED"] * 4
    assert kept.trials["trial 1"].curve("val_acc") == [(0, 0.0), (1, 0.01), (2, 0.02)]
    assert reader(server.uri).text(kept.run.run_id, "best_trial_0/model.pt") == "0.1"
    assert "trials.csv" in reader(server.uri).artifacts(kept.run.run_id)
    assert publish(sweep, uri=server.uri).trials == 0


def test_a_server_that_is_down_costs_one_warning_and_publish_sends_all(
    own_server: Server, sweep: SweepFolder, reader: Read
) -> None:
    warnings: list[str] = []
    with JournalForwarder(sweep, "mlflow", address=own_server.uri, warn=warnings.append, drain=PATIENT):
        outcome = run_sweep(sweep)
    assert outcome is Outcome.FINISHED
    command = f"morphogenetic sweep publish --sweep-id {sweep.sweep_id} --results {sweep.path.parent}"
    assert warnings == [
        f"MLflow at {own_server.uri}: connection refused; 4 trials not sent, send them later with `{command}`"
    ]
    own_server.start()
    assert publish(sweep, uri=own_server.uri).trials == 4
    kept = reader(own_server.uri).sweep(sweep)
    assert (kept.run.status, kept.nested) == ("FINISHED", 4)


def test_a_server_that_is_killed_halfway_and_comes_back_gets_everything_once(
    own_server: Server, sweep: SweepFolder, reader: Read
) -> None:
    own_server.start()
    warnings: list[str] = []
    ended = 0

    def disturb(event: Event) -> None:
        nonlocal ended
        ended += isinstance(event, TrialEnded)
        if isinstance(event, TrialEnded) and ended == 2:
            until(lambda: read_sent(sweep, own_server.uri, EXPERIMENT).offset, "first batch")
            own_server.kill()
        if isinstance(event, TrialEnded) and ended == 3:
            until(lambda: read_sent(sweep, own_server.uri, EXPERIMENT).problem, "failed batch")
            own_server.start()

    with JournalForwarder(sweep, "mlflow", address=own_server.uri, warn=warnings.append, drain=PATIENT):
        assert run_sweep(sweep, observers=[disturb]) is Outcome.FINISHED
    assert not warnings
    kept = reader(own_server.uri).sweep(sweep)
    assert (kept.run.status, kept.nested) == ("FINISHED", 4)
    assert all(len(trial.metrics["val_acc"]) == 3 for trial in kept.trials.values())


def test_a_server_that_never_answers_holds_nothing_up(silent_uri: str, sweep: SweepFolder) -> None:
    warnings: list[str] = []
    with JournalForwarder(sweep, "mlflow", address=silent_uri, warn=warnings.append, drain=1):
        outcome = run_sweep(sweep)
        ended = time.monotonic()
    assert time.monotonic() - ended < 60  # MLflow's own patience is minutes
    assert outcome is Outcome.FINISHED
    warning = warnings.pop()
    assert not warnings
    assert warning.startswith(f"MLflow at {silent_uri}: no")
    assert "4 trials not sent" in warning


def test_the_same_trials_with_and_without_a_follower(dead_uri: str, sweep: SweepFolder, make_sweep: MakeSweep) -> None:
    plain = make_sweep(sweep_id="plain")
    run_sweep(plain)
    with JournalForwarder(sweep, "mlflow", address=dead_uri, warn=lambda line: None, drain=1):
        run_sweep(sweep)
    one, other = read_result(plain), read_result(sweep)
    assert [(t.params, t.metrics, t.curve) for t in one.trials] == [
        (t.params, t.metrics, t.curve) for t in other.trials
    ]


def test_without_mlflow_one_warning_has_the_pip_line(sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_sink, "installed", lambda: False)
    warnings: list[str] = []
    with JournalForwarder(sweep, "mlflow", warn=warnings.append, drain=PATIENT):
        assert run_sweep(sweep) is Outcome.FINISHED
    warning = warnings.pop()
    assert not warnings
    assert "pip install 'morphogenetic-engine[tracking]'" in warning


def test_credentials_are_nowhere(dead_uri: str, sweep: SweepFolder) -> None:
    warnings: list[str] = []
    with JournalForwarder(
        sweep, "mlflow", address=dead_uri.replace("://", "://me:s3cret@"), warn=warnings.append, drain=PATIENT
    ):
        run_sweep(sweep)
    warning = warnings.pop()
    assert not warnings
    written = [file.read_bytes() for file in sweep.path.rglob("*") if file.is_file()]
    assert "s3cret" not in warning
    assert not any(b"s3cret" in content for content in written)


def test_a_damaged_sweep_is_one_warning(sweep: SweepFolder) -> None:
    warnings: list[str] = []
    sweep.info.write_text("{", encoding="utf-8")
    with JournalForwarder(sweep, "mlflow", warn=warnings.append, drain=PATIENT):
        pass
    assert len(warnings) == 1


@pytest.mark.parametrize(("unsent", "what"), [(1, "the end of the sweep not sent, send it"), (2, "1 trial not sent")])
def test_the_warning_says_what_is_missing(
    dead_uri: str, make_sweep: MakeSweep, four_trials: list[Event], unsent: int, what: str
) -> None:
    folder = make_sweep(four_trials)
    offset = sum(map(len, lines_of(four_trials[:-unsent])))
    write_sent(folder, Sent(uri=dead_uri, experiment=EXPERIMENT, offset=offset))
    warnings: list[str] = []
    with JournalForwarder(folder, "mlflow", address=dead_uri, warn=warnings.append, drain=PATIENT):
        pass
    assert len(warnings) == 1
    assert what in warnings[0]


def test_a_follower_whose_process_cannot_start_is_one_warning(
    sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    warnings: list[str] = []
    with JournalForwarder(sweep, "mlflow", warn=warnings.append, drain=PATIENT):
        pass
    assert len(warnings) == 1
    assert "No such file" in warnings[0]


def test_the_process_ends_with_the_session_that_it_saw(
    database: str, make_sweep: MakeSweep, story: Story, add_events: AddEvents, reader: Read
) -> None:
    folder = make_sweep(story.session().start(0).end(Outcome.INTERRUPTED).events)
    with process(folder, database) as follows:
        until(lambda: read_sent(folder, database, EXPERIMENT).offset, "first batch")
        story.events = []
        add_events(folder, story.session().start(0, 1).complete(0, 0.5, 1).end().events)
        assert follows.wait(DEADLINE_SECONDS) == 0
    assert reader(database).sweep(folder).run.status == "FINISHED"


def test_the_process_sends_the_rest_when_its_parent_is_gone(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials[:-2])
    with process(folder, database, f"--drain={DEADLINE_SECONDS}") as follows:
        hang_up(follows)
        assert follows.wait(DEADLINE_SECONDS) == 0
    kept = reader(database).sweep(folder)
    assert (kept.run.tags["morphogenetic.outcome"], kept.nested) == ("killed", 4)


def test_the_process_leaves_when_told(silent_uri: str, make_sweep: MakeSweep, four_trials: list[Event]) -> None:
    folder = make_sweep(four_trials)
    with process(folder, silent_uri, "--drain=1") as follows:
        until((folder.path / "tracking.lock").exists, "lock")
        follows.terminate()
        assert follows.wait(DEADLINE_SECONDS) in {1, -signal.SIGALRM}


def test_the_process_waits_for_the_follower_of_an_earlier_session(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> None:
    folder = make_sweep(four_trials[:-1])
    with process(folder, database, f"--drain={DEADLINE_SECONDS}") as earlier, Journal(folder.journal) as journal:
        until(lambda: read_sent(folder, database, EXPERIMENT).offset, "first batch")
        with process(folder, database, f"--drain={DEADLINE_SECONDS}") as later:
            hang_up(earlier)
            assert earlier.wait(DEADLINE_SECONDS) == 0
            journal.append(four_trials[-1])
            until(lambda: reader(database).sweep(folder).run.status == "FINISHED", "end from the later one")
            hang_up(later)
            assert later.wait(DEADLINE_SECONDS) == 0
    assert reader(database).sweep(folder).nested == 4


def test_the_process_says_in_its_log_why_it_cannot(dead_uri: str, make_sweep: MakeSweep) -> None:
    folder = make_sweep()
    folder.info.write_text("{", encoding="utf-8")
    with process(folder, dead_uri) as follows:
        assert follows.wait(DEADLINE_SECONDS) == 2
    assert "is damaged" in (folder.path / "tracking.log").read_text(encoding="utf-8")
