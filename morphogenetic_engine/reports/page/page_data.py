"""Builds the data of the page's script: the trials as columns, safe to embed in HTML.

Columns rather than rows and categories as numbers keep ten thousand trials at one or two megabytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import orjson

from morphogenetic_engine.reports.analysis.reproduction import replay_of
from morphogenetic_engine.reports.columns.columns import metric_names, parameter_column
from morphogenetic_engine.reports.figures.learning_curves import curve_metric, curve_of
from morphogenetic_engine.reports.figures.level import trial_levels
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.origin import read_trial_names
from morphogenetic_engine.sweeps.record.tables.trial_table import ELSEWHERE_COLUMN
from morphogenetic_engine.sweeps.record.trials import WALL_CLOCK_METRICS, TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.trial import Value, text

_CURVE_DIGITS = 5
_MOST_CURVE_POINTS = 60
"""Longer curves are thinned to this number of points."""
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page_data(result: SweepResult, order: Sequence[str]) -> dict[str, object]:
    """Returns the data of the interactive page; `order` has the most important parameter first."""
    trials, levels = result.trials, trial_levels(result)
    return {
        "columns": _columns(result, order),
        "levels": [levels.get(trial.number, -1) for trial in trials],
        "messages": {str(trial.number): trial.message for trial in trials if trial.message},
        "commands": [replay_of(result, trial).command for trial in trials],
        "curves": _curves(result),
        "commit": result.info.git_commit,
        "identity": result.info.identity,
    }


def embedded(data: dict[str, object]) -> str:
    """Returns JSON in which no text can end the enclosing script element."""
    written = orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    for letter, escape in _ESCAPES.items():
        written = written.replace(letter, escape)
    return written


def _columns(result: SweepResult, order: Sequence[str]) -> list[dict[str, object]]:
    trials = result.trials
    states = list(TrialState)
    objectives = {each.metric: each.direction for each in result.config.optimization.all_objectives}
    columns: list[dict[str, object]] = [
        _column("trial", "trial", [trial.number for trial in trials], whole=True),
        _column("state", "state", [states.index(trial.state) for trial in trials], choices=[*states]),
    ]
    for name in metric_names(result):
        if name in objectives:
            columns.append(_metric(name, "objective", trials, objectives[name]))
    columns.extend(_parameter(name, result) for name in order)
    columns.extend(_metric(name, "metric", trials) for name in metric_names(result) if name not in objectives)
    columns.append(_column("duration", "run", [round(trial.duration, 3) for trial in trials], unit="s"))
    columns.append(_column("seed", "run", [trial.seed for trial in trials], whole=True))
    if any(trial.reason for trial in trials):
        reasons = sorted({trial.reason.value for trial in trials if trial.reason})
        places = [reasons.index(trial.reason.value) if trial.reason else None for trial in trials]
        columns.append(_column("reason", "run", places, choices=reasons))
    names = {} if result.path is None else read_trial_names(result.path)
    if names:  # the names of the trials in the system that ran them
        known = {name: place for place, name in enumerate(sorted(names.values()))}
        places = [known[names[trial.number]] if trial.number in names else None for trial in trials]
        columns.append(_column(ELSEWHERE_COLUMN, "run", places, choices=[*known]))
    return columns


def _column(
    name: str,
    role: str,
    values: Sequence[Value | None],
    *,
    choices: Sequence[str] | None = None,
    unit: str = "",
    log: bool = False,
    whole: bool = False,
    better: str = "",
) -> dict[str, object]:
    column: dict[str, object] = {"name": name, "role": role, "values": values}
    optional = {"choices": choices, "unit": unit, "log": log, "whole": whole, "better": better}
    return column | {key: value for key, value in optional.items() if value}


def _metric(
    name: str, role: str, trials: Sequence[TrialRecord], direction: Direction | None = None
) -> dict[str, object]:
    unit = "s" if name in WALL_CLOCK_METRICS else ""
    better = "" if direction is None else direction.value
    return _column(name, role, [trial.metrics.get(name) for trial in trials], unit=unit, better=better)


def _parameter(name: str, result: SweepResult) -> dict[str, object]:
    column = parameter_column(name, result.config.space.axes[name], result.trials)
    if column.categorical:
        places = [None if math.isnan(value) else int(value) for value in column.values_N.tolist()]
        return _column(name, "parameter", places, choices=[text(level) for level in column.levels])
    values = [trial.params.get(name) for trial in result.trials]
    whole = all(isinstance(value, int) for value in values if value is not None)
    return _column(name, "parameter", values, log=column.log, whole=whole)


def _curves(result: SweepResult) -> dict[str, object] | None:
    metric = curve_metric(result)
    if metric is None:
        return None
    curves = [_thinned(list(curve_of(trial, metric).items())) for trial in result.trials]
    longest = max(curves, key=len)
    steps = [step for step, _ in longest]
    return {
        "metric": metric,
        "steps": steps,
        "own_steps": {
            str(index): [step for step, _ in curve]
            for index, curve in enumerate(curves)
            if [step for step, _ in curve] != steps[: len(curve)]
        },
        "values": [[_rounded(value) for _, value in curve] for curve in curves],
    }


def _thinned(curve: list[tuple[int, float]]) -> list[tuple[int, float]]:
    if len(curve) <= _MOST_CURVE_POINTS:
        return curve
    last = len(curve) - 1
    return [curve[round(index * last / (_MOST_CURVE_POINTS - 1))] for index in range(_MOST_CURVE_POINTS)]


def _rounded(value: float) -> float:
    rounded = float(f"{value:.{_CURVE_DIGITS}g}")
    return rounded if math.isfinite(rounded) else value  # rounding up the largest floats overflows
