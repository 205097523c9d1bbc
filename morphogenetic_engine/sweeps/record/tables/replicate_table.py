"""`replicates.csv`: one row a replicate and metric, for sweeps that run each configuration with several seeds."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.record.trials import TrialRecord

COLUMNS = ("number", "replicate", "seed", "metric", "value")


def write_replicates(path: Path, trials: Iterable[TrialRecord]) -> None:
    """Replaces the file by the replicates of all ended trials; no file where no trial has replicates."""
    ended = sorted((trial for trial in trials if trial.state.final), key=lambda trial: trial.number)
    rows = [row for trial in ended for row in replicate_rows(trial)]
    if rows:
        write_whole(path, _text([list(COLUMNS), *rows]).encode())


def add_replicates(path: Path, trial: TrialRecord) -> None:
    """Appends the replicates of a trial that ended."""
    rows = list(replicate_rows(trial))
    if not rows:
        return
    try:
        new = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(_text([list(COLUMNS), *rows] if new else rows))
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def replicate_rows(trial: TrialRecord) -> Iterator[list[str]]:
    """Yields the cells of a trial's replicates; numbers in full precision."""
    for number, replicate in sorted(trial.replicates.items()):
        for name, value in sorted(replicate.metrics.items()):
            yield [str(trial.number), str(number), str(replicate.seed), name, repr(value)]


def _text(rows: Iterable[list[str]]) -> str:
    content = io.StringIO()
    csv.writer(content, lineterminator="\n").writerows(rows)
    return content.getvalue()
