"""Sweeps to publish, and servers to publish them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.record.folder import SweepFolder, new_sweep
from morphogenetic_engine.sweeps.record.journal import Journal
from tests.sinks.mlflow.kept_runs import Reader
from tests.sinks.mlflow.server_process import Server, free_port
from tests.sinks.mlflow.story import Story

SWEEP_YAML = """\
experiment: {workload: "tiny:train", hidden_dim: 32, deep: true, lr: [0.1, 0.01, 1.0e-3, 1.0e-4]}
execution: {max_parallel: 2}
optimization: {target_metric: val_acc}
"""

MakeSweep = Callable[..., SweepFolder]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that the tests share; each test publishes sweeps of its own."""
    each = Server(tmp_path_factory.mktemp("server"), free_port())
    try:
        each.start()
        yield each
    finally:
        each.kill()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may kill; not started yet."""
    folder = tmp_path / "server"
    folder.mkdir()
    each = Server(folder, free_port())
    yield each
    each.kill()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URI of a SQLite store; shared, as making its tables takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"


@pytest.fixture
def dead_uri() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def make_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeSweep:
    """A function that makes a sweep's folder, with these events in its journal; its id is the test's own."""
    monkeypatch.chdir(tmp_path)

    def make(events: Sequence[Event] = (), *, sweep_id: str = "sweep", yaml: str = SWEEP_YAML) -> SweepFolder:
        (tmp_path / "sweep.yaml").write_text(yaml, encoding="utf-8")
        file = read_config(tmp_path / "sweep.yaml")
        # the id of a temporary folder is what tells this test's sweeps apart on a shared server
        folder = new_sweep(tmp_path / "results" / "sweeps", f"{sweep_id}-{tmp_path.name}"[:100], file, file.config)
        write_events(folder, events)
        return folder

    return make


def write_events(folder: SweepFolder, events: Sequence[Event]) -> None:
    """Appends events to a journal."""
    with Journal(folder.journal) as journal:
        for event in events:
            journal.append(event)


@pytest.fixture
def add_events() -> Callable[[SweepFolder, Sequence[Event]], None]:
    """A function that appends events to a journal."""
    return write_events


@pytest.fixture
def story() -> Story:
    """A story without events."""
    return Story()


@pytest.fixture
def four_trials() -> list[Event]:
    """A sweep that ended: trial 0 complete, 1 pruned, 2 failed, 3 complete at its second attempt and the best."""
    told = Story().session().start(0).report(0).start(1).report(1, 2).complete(0, 0.2).prune(1)
    told.start(2).start(3).report(3, 2).crash(3).fail(2, "ValueError: lr is too large").start(3, 1)
    return told.report(3, 3, 1).complete(3, 0.9, 1).end().events


@pytest.fixture
def reader() -> Callable[[str], Reader]:
    """A function that gives a reader of a tracking URI."""
    return Reader
