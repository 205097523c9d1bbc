"""`trials.csv`: one row a trial, current while the sweep runs.

While it runs, rows stand in the order in which the trials ended; at the start and end of each session the file is
replaced by one in the order of their numbers. All columns before `attempts` are the same for any number of workers and
after any interruption; the columns from `attempts` on tell how this run went.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.record.trials import WALL_CLOCK_METRICS, TrialRecord
from morphogenetic_engine.trial import Value, text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
RUN_COLUMNS = ("attempts", "started", "duration")
ELSEWHERE_COLUMN = "katib_trial"
"""The name of a trial on the system that ran it, in a sweep that was collected from there."""
_OWN_COLUMNS = frozenset({"number", "state", "reason", "seed", "message", *RUN_COLUMNS, ELSEWHERE_COLUMN})


def table_columns(config: SweepConfig, trials: Iterable[TrialRecord]) -> list[str]:
    """Returns the columns: the trial, its parameters, its metrics (objective first), and wall-clock values.

    A parameter or metric whose name is taken says what it is: `parameter.seed`, `metric.lr`.
    """
    found = {name for trial in trials for name in trial.metrics}
    wanted = [config.optimization.target_metric, *config.optimization.secondary_metrics]
    metrics = [*dict.fromkeys(wanted), *sorted(found.difference(wanted))]
    params = {*config.space.axes, *config.space.fixed}
    clock = [_metric_column(name, params) for name in metrics if name in WALL_CLOCK_METRICS]
    steady = [_metric_column(name, params) for name in metrics if name not in WALL_CLOCK_METRICS]
    axes = map(_parameter_column, config.space.axes)
    return ["number", "state", "reason", *axes, *steady, "seed", "message", *RUN_COLUMNS, *clock]


def table_row(trial: TrialRecord, columns: Sequence[str]) -> list[str]:
    """Returns a trial's cells as text; numbers in full precision, "" where the trial has no such value."""
    started = datetime.fromtimestamp(trial.started, UTC).isoformat(timespec="milliseconds")
    cells = {
        **{_metric_column(name, trial.params): repr(value) for name, value in trial.metrics.items()},
        **{_parameter_column(name): spreadsheet_text(value) for name, value in trial.params.items()},
        "number": str(trial.number),
        "state": trial.state.value,
        "reason": trial.reason.value if trial.reason else "",
        "seed": str(trial.seed),
        "message": spreadsheet_text(" ".join(trial.message.split())),
        "attempts": str(trial.attempt + 1),
        "started": started,
        "duration": f"{trial.duration:.3f}",
    }
    return [cells.get(column, "") for column in columns]


def spreadsheet_text(value: Value) -> str:
    """Returns the text of a cell; a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return text(value)


def _parameter_column(name: str) -> str:
    return f"parameter.{name}" if name in _OWN_COLUMNS else name


def _metric_column(name: str, params: Container[str]) -> str:
    taken = name in _OWN_COLUMNS or name in params or name.startswith(("metric.", "parameter."))
    return f"metric.{name}" if taken else name


class TrialTable:
    """The file `trials.csv` of a sweep that runs; use it as a context manager."""

    def __init__(self, path: Path, config: SweepConfig) -> None:
        self._path = path
        self._config = config
        self._columns: list[str] = []
        self._rows: set[int] = set()
        self._file: TextIO | None = None

    def write(self, trials: Iterable[TrialRecord], names: Mapping[int, str] | None = None) -> None:
        """Replaces the file by all ended trials, in the order of their numbers; `names` are those of another system."""
        ended = sorted((trial for trial in trials if trial.state.final), key=lambda trial: trial.number)
        self._columns = table_columns(self._config, ended)
        self._rows = {trial.number for trial in ended}
        content = io.StringIO()
        writer = csv.writer(content, lineterminator="\n")
        if names:
            writer.writerow(map(spreadsheet_text, [*self._columns, ELSEWHERE_COLUMN]))
            writer.writerows([*table_row(trial, self._columns), names.get(trial.number, "")] for trial in ended)
        else:
            writer.writerow(map(spreadsheet_text, self._columns))
            writer.writerows(table_row(trial, self._columns) for trial in ended)
        self._close()
        write_whole(self._path, content.getvalue().encode())

    def add(self, trial: TrialRecord, trials: Iterable[TrialRecord]) -> None:
        """Appends a trial that ended; one with a new metric, or that ended before, has all `trials` written anew."""
        found = {_metric_column(name, trial.params) for name in trial.metrics}
        if trial.number in self._rows or not found.issubset(self._columns):
            self.write(trials)
            return
        self._rows.add(trial.number)
        try:
            if self._file is None:
                self._file = self._path.open("a", encoding="utf-8", newline="")
            csv.writer(self._file, lineterminator="\n").writerow(table_row(trial, self._columns))
            self._file.flush()
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error

    def __enter__(self) -> TrialTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
