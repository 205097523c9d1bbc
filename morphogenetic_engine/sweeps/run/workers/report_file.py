"""Keeps the reports of a trial in its folder where it decides by them, until the coordinator is known to have them.

A coordinator may be killed with reports on their way, while the trial saves a checkpoint after them and never makes
them again. Where it pauses or is pruned depends on them, so the next attempt sends them once more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from morphogenetic_engine.trial import Metrics

FILE = ".reports.jsonl"


class ReportFile:
    """The reports of all attempts at one trial, a line each."""

    def __init__(self, folder: Path, reported_until: int | None) -> None:
        """`reported_until` is the last step that the coordinator has."""
        self._path = folder / FILE
        self._until = reported_until
        self._kept: set[tuple[int, str]] = set()
        self._last: int | None = None

    def missing(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Yields the reports that the coordinator lacks, in their order; a torn last line was never reported."""
        try:
            written = self._path.read_bytes()
        except FileNotFoundError:
            return
        *lines, torn = written.decode().split("\n")
        if torn:
            os.truncate(self._path, len(written) - len(torn))
        for line in lines:
            step, metrics = json.loads(line)
            self._note(step, line)
            if self._until is None or step > self._until:
                yield step, metrics

    def keep(self, step: int, metrics: Metrics) -> None:
        """Writes a report before it is sent; one that is there is not written again."""
        line = json.dumps([step, metrics])
        if (step, line) in self._kept or (self._last is not None and step < self._last):
            return
        self._note(step, line)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, f"{line}\n".encode())
        finally:
            os.close(file)

    def _note(self, step: int, line: str) -> None:
        self._kept.add((step, line))
        self._last = step if self._last is None else max(step, self._last)
