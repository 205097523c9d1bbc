"""Trials and epochs as CSV and Parquet: one row a trial, and one row a trial and step.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, and a formula can start programs, so a
text that begins so gets a leading apostrophe. Numbers are not changed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.reports.query.trial_values import parameters_of
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.record.tables.trial_table import spreadsheet_text
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Value, text

if TYPE_CHECKING:
    import pyarrow as pa

_TRIAL = ("trial", "state", "reason", "seed", "attempts", "started", "duration", "message")
_EPOCH = ("trial", "replicate", "step")

Row = Sequence[Value | None]


def write_csv(sweep: ReportedSweep, to: Path) -> list[Path]:
    """Writes trials.csv and epochs.csv."""
    result = sweep.result
    files = {
        "trials.csv": (trial_columns(result), trial_rows(result)),
        "epochs.csv": (epoch_columns(result), epoch_rows(result)),
    }
    for name, (columns, rows) in files.items():
        write_whole(to / name, csv_text(columns, rows).encode())
    return [to / name for name in files]


def write_parquet(sweep: ReportedSweep, to: Path) -> list[Path]:
    """Writes trials.parquet and epochs.parquet.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    result = sweep.result
    files = {
        "trials.parquet": (trial_columns(result), trial_rows(result)),
        "epochs.parquet": (epoch_columns(result), epoch_rows(result)),
    }
    for name, (columns, rows) in files.items():
        write_whole(to / name, _parquet(columns, rows))
    return [to / name for name in files]


def trial_columns(result: SweepResult) -> list[str]:
    """Returns the columns of the trials: parameters and metrics whose names are taken get a prefix."""
    parameters = parameters_of(result)
    taken = {*_TRIAL, *parameters}
    named = [f"parameter.{name}" if name in _TRIAL else name for name in parameters]
    return [*_TRIAL, *named, *(_metric_column(name, taken) for name in _metrics(result.trials))]


def trial_rows(result: SweepResult) -> Iterator[Row]:
    """Yields the trials in the order of their numbers; None where a trial has no such value."""
    metrics, parameters = _metrics(result.trials), parameters_of(result)
    for trial in result.trials:
        yield (
            trial.number,
            trial.state.value,
            trial.reason.value if trial.reason else None,
            trial.seed,
            trial.attempt + 1,
            datetime.fromtimestamp(trial.started, UTC).isoformat(timespec="milliseconds"),
            trial.duration,
            trial.message or None,
            *(trial.params.get(name) for name in parameters),
            *(trial.metrics.get(name) for name in metrics),
        )


def epoch_columns(result: SweepResult) -> list[str]:
    """Returns the columns of the epochs."""
    return [*_EPOCH, *(_metric_column(name, _EPOCH) for name in _reported(result))]


def _metric_column(name: str, taken: Container[str]) -> str:
    return f"metric.{name}" if name in taken or name.startswith(("metric.", "parameter.")) else name


def epoch_rows(result: SweepResult) -> Iterator[Row]:
    """Yields the reported metrics, one row per trial, replicate and step."""
    names = _reported(result)
    for trial in result.trials:
        if trial.replicates:
            for number, replicate in sorted(trial.replicates.items()):
                for step, metrics in sorted(replicate.curve.items()):
                    yield (trial.number, number, step, *(metrics.get(name) for name in names))
        else:
            for step, metrics in sorted(trial.curve.items()):
                yield (trial.number, None, step, *(metrics.get(name) for name in names))


def _metrics(trials: Iterable[TrialRecord]) -> list[str]:
    return sorted({name for trial in trials for name in trial.metrics})


def _reported(result: SweepResult) -> list[str]:
    found: set[str] = set()
    for trial in result.trials:
        for curve in [replicate.curve for replicate in trial.replicates.values()] or [trial.curve]:
            for metrics in curve.values():
                found.update(metrics)
    return sorted(found)


def csv_text(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Returns the rows as CSV, with texts that spreadsheets would run as formulas escaped."""
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(map(_cell, columns))
    writer.writerows([_cell(value) for value in row] for row in rows)
    return content.getvalue()


def _cell(value: Value | None) -> str:
    return "" if value is None else spreadsheet_text(value)


def _parquet(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    try:
        import pyarrow as pa  # pylint: disable=import-outside-toplevel  # large, and an extra
        from pyarrow import parquet  # pylint: disable=import-outside-toplevel
    except ModuleNotFoundError as error:
        raise ConfigError("--format parquet: needs pyarrow: pip install 'morphogenetic-engine[exports]'") from error
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [_array(column) for column in values]
    content = io.BytesIO()
    parquet.write_table(pa.table(dict(zip(columns, arrays, strict=True))), content)
    return content.getvalue()


def _array(values: Sequence[Value | None]) -> pa.Array:
    """Returns a column of one type; a parameter whose choices are of several kinds is written as text."""
    import pyarrow as pa  # pylint: disable=import-outside-toplevel

    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if len(kinds) > 1:
        return pa.array([None if value is None else text(value) for value in values], pa.string())
    return pa.array(values, None if kinds else pa.string())
