"""A sweep is stopped by a signal to the process that runs it, and to no other."""

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
from morphogenetic_engine.sweeps.journal import Journal, Owner, owner

HOLDER = """
import signal, sys
from pathlib import Path
from morphogenetic_engine.sweeps.journal import Journal

with Journal(Path(sys.argv[1])):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(42))
    print("ready", flush=True)
    signal.pause()
"""


@contextmanager
def holder(journal: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds the journal and tells a SIGTERM by its exit status."""
    command = [sys.executable, "-c", HOLDER, str(journal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def test_the_process_that_runs_the_sweep_is_asked_to_stop(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with holder(journal) as process:
        assert stop(journal) == Owner(process.pid, socket.gethostname())
        assert process.wait(60) == 42


def test_nobody_is_stopped_when_nobody_runs_the_sweep(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with Journal(journal):
        assert owner(journal) == Owner(os.getpid(), socket.gethostname())
    with pytest.raises(SweepError, match="no process runs this sweep"):
        stop(journal)


def test_a_number_that_a_killed_process_left_in_the_lock_is_nobody(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with holder(journal) as process:
        process.kill()
        process.wait()
        assert str(process.pid) in journal.with_suffix(".lock").read_text()
        with pytest.raises(SweepError, match="no process runs this sweep"):
            stop(journal)


def test_a_process_that_only_has_the_number_of_the_owner_is_left_alone(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with holder(tmp_path / "other.jsonl") as innocent, Journal(journal):
        journal.with_suffix(".lock").write_text(f"process {innocent.pid} on somewhere.else")
        with pytest.raises(SweepError, match="the sweep runs on somewhere.else: stop it there"):
            stop(journal)
        assert innocent.poll() is None


def test_why_not() -> None:
    assert why_not(None) == "no process runs this sweep"
    assert why_not(Owner(1, "elsewhere")) == "the sweep runs on elsewhere: stop it there"
    assert why_not(Owner(1, socket.gethostname())) == ""
