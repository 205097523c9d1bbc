"""One round of the fault driver: a sweep, the sessions that run it, and what has to be true of each."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from tests.waiting import DEADLINE_SECONDS, gone, until

TRIALS = 24
SWEEP = f"""
sweep_type: random
experiment: {{workload: "toy:quadratic", seconds: 0.01}}
parameters: {{x: {{low: 0.0, high: 1.0}}, kind: [a, b, 1, 0.5]}}
execution: {{max_parallel: 3, retries: {{crashes: 1000}}}}
optimization: {{n_trials: {TRIALS}}}
"""
SESSION = """
import sys
from pathlib import Path
from morphogenetic_engine.errors import MorphogeneticError
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
try:
    outcome = run_sweep(SweepFolder(Path(sys.argv[1])))
except MorphogeneticError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
sys.exit(130 if outcome is Outcome.INTERRUPTED else 0)
"""


@dataclass
class Round:
    """One sweep, and what was wrong with it."""

    folder: SweepFolder
    chance: random.Random
    faults: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    repaired: bool = False
    """Trials of a damaged journal run again, by intention."""

    def lines(self) -> int:
        path = self.folder.journal
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            self.wrong.append(f"{'+'.join(self.faults)}: {what}")

    def end(self, process: subprocess.Popen[bytes], *statuses: int) -> str:
        """Waits for a session to end, checks how, and returns what it said."""
        said = process.communicate(timeout=DEADLINE_SECONDS)[1].decode(errors="replace")
        self.check(process.returncode in statuses, f"status {process.returncode}, not {statuses}: {said[-300:]}")
        self.check("Traceback" not in said, f"traceback: {said[-600:]}")
        self.check(process.returncode != 2 or said.count("\n") == 1, f"not one line: {said[-600:]}")
        return said


@contextmanager
def session(folder: SweepFolder) -> Iterator[subprocess.Popen[bytes]]:
    """Resumes a sweep in a process of its own."""
    command = [sys.executable, "-c", SESSION, str(folder.path)]
    # Without coverage's start in processes: it cannot write its own files when the disk is full.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(command, cwd=folder.path.parent, stderr=subprocess.PIPE, env=environment) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def members_of(process: subprocess.Popen[bytes]) -> dict[str, list[psutil.Process]]:
    """Returns the processes below a coordinator by what they are."""
    found: dict[str, list[psutil.Process]] = {"worker": [], "reaper": []}
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                line = " ".join(child.cmdline())
                found["worker"] += [child] if "worker_process" in line else []
                found["reaper"] += [child] if "process_reaper" in line else []
    return found


def grown(this: Round, process: subprocess.Popen[bytes]) -> None:
    """Waits until the journal has grown by a random number of lines, or the session has ended."""
    wanted = this.lines() + this.chance.randint(1, 5 * TRIALS // 2)
    until(lambda: this.lines() >= wanted or process.poll() is not None)


def send(process: psutil.Process | subprocess.Popen[bytes], what: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        process.send_signal(what)


def strike(
    this: Round, deal: Callable[[subprocess.Popen[bytes], dict[str, list[psutil.Process]]], None], *statuses: int
) -> str:
    """Deals a fault to a session that runs, and checks that all its processes end with it."""
    with session(this.folder) as process:
        grown(this, process)
        members = members_of(process)
        deal(process, members)
        said = this.end(process, 0, *statuses)
    left = [each for kind in members.values() for each in kind]
    deadline = time.monotonic() + 60
    while any(not gone(each.pid) for each in left) and time.monotonic() < deadline:
        time.sleep(0.01)
    this.check(all(gone(each.pid) for each in left), "a process was left behind")
    return said
