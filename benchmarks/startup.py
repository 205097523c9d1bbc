"""Measures how long the command line takes to answer `--help`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.figures import Figure

_RUNS = 9


def figures() -> list[Figure]:
    """Times whole processes, including the interpreter's start, and the bare interpreter for comparison."""
    code = "from morphogenetic_engine.cli.main import main; main(['--help'])"
    helps, bares = [], []
    for _ in range(_RUNS):
        helps.append(_seconds(code))
        bares.append(_seconds("pass"))
    return [
        Figure("morphogenetic --help", statistics.median(helps), "s", 0.3),
        Figure("the bare interpreter", statistics.median(bares), "s"),
    ]


def _seconds(code: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun
