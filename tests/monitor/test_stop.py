"""A sweep is stopped by a signal to the process that runs it, and to no other process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.monitor.stop import stop, why_not
from morphogenetic_engine.sweeps.config_file import config_from
from morphogenetic_engine.sweeps.record.folder import SweepFolder, new_sweep
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.journal_file.lock import Owner, owner
from morphogenetic_engine.sweeps.record.origin import Origin
from tests.waiting import DEADLINE_SECONDS

HOLDER = """
import signal, sys
from pathlib import Path
from morphogenetic_engine.sweeps.record.journal import Journal

with Journal(Path(sys.argv[1])):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(42))
    print("ready", flush=True)
    signal.pause()
"""


def new_folder(place: Path) -> SweepFolder:
    file = config_from({"parameters": {"x": [1, 2]}}, where="sweep.yaml")
    return new_sweep(place, "one", file, file.config)


@contextmanager
def holder(journal: Path) -> Iterator[subprocess.Popen[str]]:
    """Runs a process that holds the journal and tells a SIGTERM by its exit status."""
    command = [sys.executable, "-c", HOLDER, str(journal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def test_the_process_that_runs_the_sweep_is_asked_to_stop(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    with holder(folder.journal) as process:
        assert stop(folder) == Owner(process.pid, socket.gethostname())
        assert process.wait(DEADLINE_SECONDS) == 42


def test_nobody_is_stopped_when_nobody_runs_the_sweep(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    with Journal(folder.journal):
        assert owner(folder.journal) == Owner(os.getpid(), socket.gethostname())
    with pytest.raises(SweepError, match="no process runs this sweep"):
        stop(folder)


def test_a_number_that_a_killed_process_left_in_the_lock_is_nobody(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    with holder(folder.journal) as process:
        process.kill()
        process.wait()
        assert str(process.pid) in folder.journal.with_suffix(".lock").read_text()
        with pytest.raises(SweepError, match="no process runs this sweep"):
            stop(folder)


def test_a_process_that_only_has_the_number_of_the_owner_is_left_alone(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    with holder(tmp_path / "other.jsonl") as innocent, Journal(folder.journal):
        folder.journal.with_suffix(".lock").write_text(f"process {innocent.pid} on somewhere.else")
        with pytest.raises(SweepError, match="the sweep runs on somewhere.else: stop it there"):
            stop(folder)
        assert innocent.poll() is None


def test_why_not() -> None:
    assert why_not(None, None) == "no process runs this sweep"
    assert why_not(None, Owner(1, "elsewhere")) == "the sweep runs on elsewhere: stop it there"
    assert why_not(None, Owner(1, socket.gethostname())) == ""


def test_what_follows_a_sweep_on_katib_is_not_stopped_in_its_place(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    origin = Origin(delegate="katib", system="Katib", kind="Experiment", name="toy", namespace="ml")
    folder.write_info(folder.read_info().model_copy(update={"origin": origin}))
    with holder(folder.journal) as process:
        reason = "the sweep runs on Katib: stop it with morphogenetic sweep stop --experiment toy --namespace ml"
        with pytest.raises(SweepError, match=reason):
            stop(folder)
        assert process.poll() is None
