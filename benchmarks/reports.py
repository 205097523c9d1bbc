"""Measures time and memory of the reports of a large sweep: whole processes, including the interpreter's start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.problems.journals import write_sweep

_TRIALS = 10_000
_EPOCHS = 30
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Spent:
    """The time and memory that one process used."""

    seconds: float
    cpu_seconds: float
    peak_bytes: float


def figures() -> list[Figure]:
    """Measures the commands on 10,000 trials of 30 epochs each, and beside it on 100."""
    with tempfile.TemporaryDirectory() as place:
        results = Path(place)
        write_sweep(results, "large", trials=_TRIALS, epochs=_EPOCHS)
        write_sweep(results, "small", trials=100, epochs=_EPOCHS)
        summary = spent("report", "summary", "--sweep-id", "large", "--results", place)
        small = spent("report", "summary", "--sweep-id", "small", "--results", place)
        export = spent("report", "export", "--sweep-id", "large", "--results", place, "--format", "csv")
    return [
        Figure("terminal summary, 10,000 trials x 30 epochs", summary.seconds, "s", 3),
        Figure("the same in processor time", summary.cpu_seconds, "s"),
        Figure("peak memory of it", summary.peak_bytes / _MEGABYTE, "MB", 1000),
        Figure("terminal summary, 100 trials x 30 epochs", small.seconds, "s", 3),
        Figure("CSV of trials and epochs, 10,000 trials x 30 epochs", export.seconds, "s"),
    ]


def spent(*arguments: str) -> Spent:
    """Runs `morphogenetic` with these arguments in a separate process, and returns its time and memory."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "morphogenetic_engine.cli.main", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: ended with status {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    return Spent(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)
