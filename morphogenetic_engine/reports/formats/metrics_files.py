"""Writes the best trial's metrics and learning curve for tools that compare versions, such as DVC and CI jobs."""

from __future__ import annotations

from pathlib import Path

import orjson

from morphogenetic_engine.reports.formats.data_files import csv_text
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.results import SweepResult


def write_metrics(sweep: ReportedSweep, to: Path) -> list[Path]:
    """Writes metrics.json and learning_curve.csv.

    Raises:
        StoreError: a file cannot be written.
    """
    result = sweep.result
    metrics, curve = to / "metrics.json", to / "learning_curve.csv"
    write_whole(metrics, orjson.dumps(metrics_of(result), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    write_whole(curve, _curve(result).encode())
    return [metrics, curve]


def metrics_of(result: SweepResult) -> dict[str, object]:
    """Returns the best trial's number and metrics, and how many trials there are in each state; no times of day."""
    best = next(iter(result.ranked), None)
    counts = {f"{state.value}_trials": count for state, count in result.counts.items() if count}
    if best is None:
        return {"trials": counts}
    return {"best": dict(sorted(best.metrics.items())), "best_trial": best.number, "trials": counts}


def _curve(result: SweepResult) -> str:
    """Returns the metrics that the best trial reported, one row per step (and replicate, where there are several)."""
    best = next(iter(result.ranked), None)
    curve = {} if best is None else dict(sorted(best.curve.items()))
    names = sorted({name for metrics in curve.values() for name in metrics})
    return csv_text(["step", *names], ([step, *map(metrics.get, names)] for step, metrics in curve.items()))
