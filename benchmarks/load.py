"""Measures sweeps of 10,000 and of 100,000 trials side by side: the coordinator, the reports and the monitor.

Flat is a time a trial that stays the same. Each part is a process of its own, so its memory includes the interpreter.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.monitor import first_message
from benchmarks.problems.journals import write_sweep
from benchmarks.reports import spent
from benchmarks.throughput import no_op_sweep

SIZES = (10_000, 100_000)
_EPOCHS = 3
_REPORTS = 1_000_000
_MEGABYTE = 1e6

Cost = tuple[float, float]
"""Seconds, and peak memory in bytes."""


def figures(sizes: tuple[int, int] = SIZES, reports: int = _REPORTS) -> list[Figure]:
    """Measures each part at both sizes, and the memory that one million reports take."""
    parts: dict[str, Callable[[int], Cost]] = {
        "coordinator, trials that do nothing": _coordinator,
        f"terminal summary, {_EPOCHS} epochs a trial": _summary,
        f"HTML page, {_EPOCHS} epochs a trial": _page,
        "monitor's first message": _monitor,
    }
    return [*(each for name, part in parts.items() for each in _beside(name, part, sizes)), *_reported(reports)]


def _beside(name: str, part: Callable[[int], Cost], sizes: tuple[int, int]) -> Iterator[Figure]:
    small, large = sizes
    few, many = part(small), part(large)
    for trials, (seconds, memory) in ((small, few), (large, many)):
        yield Figure(f"{name}: {trials:,} trials", seconds, "s")
        yield Figure(f"{name}: {trials:,} trials, peak memory", memory / _MEGABYTE, "MB")
    yield Figure(f"{name}: time a trial, {large:,} over {small:,}", (many[0] / large) / (few[0] / small), "ratio", 1.3)


def _coordinator(trials: int) -> Cost:
    ran = no_op_sweep(trials)
    return ran.seconds, ran.memory_bytes


def _summary(trials: int) -> Cost:
    return _read_by(trials, _EPOCHS, "report", "summary")


def _page(trials: int) -> Cost:
    return _read_by(trials, _EPOCHS, "report", "export", "--format", "html")


def _read_by(trials: int, epochs: int, *command: str) -> Cost:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        write_sweep(Path(place), "sweep", trials=trials, epochs=epochs)
        used = spent(*command, "--sweep-id", "sweep", "--results", place)
        return used.seconds, used.peak_bytes


def _monitor(trials: int) -> Cost:
    seen = first_message(trials)
    return seen.seconds, seen.memory_bytes


def _reported(reports: int) -> Iterator[Figure]:
    epochs = 100
    seconds, memory = _read_by(reports // epochs, epochs, "report", "summary")
    yield Figure(f"terminal summary of {reports:,} reports", seconds, "s")
    yield Figure(f"terminal summary of {reports:,} reports, peak memory", memory / _MEGABYTE, "MB", 310)
