"""A publisher that is killed at any moment, or gets no answer, and publishes again: everything is sent exactly once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count

import pytest

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sinks.mlflow import publish
from morphogenetic_engine.sinks.mlflow import publisher as publisher_module
from morphogenetic_engine.sinks.mlflow.client import TrackingServer
from morphogenetic_engine.sinks.mlflow.publisher import Publisher
from morphogenetic_engine.sinks.mlflow.runs import RunUpdate, Status
from morphogenetic_engine.sinks.mlflow.sync_state import only_publisher, write_sent
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.saboteur import Killed, Saboteur
from tests.sinks.mlflow.conftest import MakeSweep
from tests.sinks.mlflow.kept_runs import KeptSweep, Reader
from tests.sinks.mlflow.server_process import Server

# mlflow 3.17 uses a strategy of sqlalchemy that 2.1 deprecates; it shows when mlflow's store is first imported
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")]

Read = Callable[[str], Reader]
CHANGES = ("enter_experiment", "create", "log", "set_status", "delete", "upload")
BATCH = 5

KILLING = """
import os, signal, sys
from pathlib import Path
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sinks.mlflow import publish, publisher
from morphogenetic_engine.sinks.mlflow.client import TrackingServer

folder, uri, left = SweepFolder(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
publisher.EVENTS_A_BATCH = 5

def killing(call):
    def then_die(*arguments, **named):
        global left
        result = call(*arguments, **named)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return then_die

for name in ("create", "log", "set_status", "upload"):
    setattr(TrackingServer, name, killing(getattr(TrackingServer, name)))
publish(folder, uri=uri)
"""


def sabotage(patch: pytest.MonkeyPatch, saboteur: Saboteur) -> None:
    for name in CHANGES:
        patch.setattr(TrackingServer, name, saboteur.wrapped(getattr(TrackingServer, name)))
    patch.setattr(publisher_module, "write_sent", saboteur.wrapped(write_sent))


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "EVENTS_A_BATCH", BATCH)


@pytest.fixture
def whole(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], reader: Read
) -> tuple[SweepFolder, KeptSweep]:
    """A sweep, and what a server has of it when nothing goes wrong."""
    folder = make_sweep(four_trials)
    publish(folder, uri=database, experiment=f"whole {folder.sweep_id}")
    return folder, reader(database).sweep(folder, f"whole {folder.sweep_id}")


@pytest.mark.usefixtures("small_batches")
def test_killed_between_any_two_calls_sends_all_once(
    whole: tuple[SweepFolder, KeptSweep], database: str, reader: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, expected = whole
    for passing in count(0):
        experiment = f"killed {passing} {folder.sweep_id}"
        saboteur = Saboteur(passing, Killed, after=False)
        with monkeypatch.context() as patch:
            sabotage(patch, saboteur)
            try:
                publish(folder, uri=database, experiment=experiment)
            except Killed:
                pass
        if not saboteur.struck:
            assert passing > 30
            break
        publish(folder, uri=database, experiment=experiment)
        assert reader(database).sweep(folder, experiment) == expected, f"killed at call {passing}"


@pytest.mark.usefixtures("small_batches")
def test_a_call_that_was_done_but_not_answered_is_not_done_twice(
    whole: tuple[SweepFolder, KeptSweep], database: str, reader: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, expected = whole
    for passing in range(0, 32, 5):
        experiment = f"unanswered {passing} {folder.sweep_id}"
        with monkeypatch.context() as patch, only_publisher(folder):
            sabotage(patch, Saboteur(passing, lambda: StoreError("no answer in time"), after=True))
            publisher = Publisher(folder, uri=database, experiment=experiment)
            with pytest.raises(StoreError):
                while publisher.send_next():
                    pass
                publisher.settle()
            while publisher.send_next():
                pass
            publisher.settle()
        assert reader(database).sweep(folder, experiment) == expected, f"not answered at call {passing}"


def test_a_run_that_was_made_late_is_deleted(
    database: str, make_sweep: MakeSweep, four_trials: list[Event], reader: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_sweep(four_trials)
    with only_publisher(folder):
        publisher = Publisher(folder, uri=database, experiment=None)
        with monkeypatch.context() as patch:
            sabotage(patch, Saboteur(4, lambda: StoreError("no answer in time"), after=False))
            with pytest.raises(StoreError):
                publisher.send_next()
        while publisher.send_next():
            pass
        server = TrackingServer(database)
        server.enter_experiment("morphogenetic sweeps")
        tags = {"morphogenetic.trial": "0", "morphogenetic.attempt": "0"}
        server.create(RunUpdate("late", 0, Status.RUNNING, identity=tags), publisher.published.run_id)
        publisher.settle()
    kept = reader(database).sweep(folder)
    assert kept.nested == 4
    assert kept.trials["trial 0"].curve("loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]


@pytest.mark.parametrize("calls", [1, 9, 20])
def test_kill_9_then_publish_sends_all_once(
    server: Server, whole: tuple[SweepFolder, KeptSweep], reader: Read, calls: int
) -> None:
    folder, expected = whole
    command = [sys.executable, "-c", KILLING, str(folder.path), server.uri, str(calls)]
    killed = subprocess.run(command, check=False)
    assert killed.returncode == -signal.SIGKILL
    publish(folder, uri=server.uri)
    assert reader(server.uri).sweep(folder) == expected
