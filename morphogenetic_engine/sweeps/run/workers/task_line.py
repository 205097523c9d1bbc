"""Reads the members of the commands that a worker gets, and makes the trial of a task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from morphogenetic_engine.sweeps.run.workers.channel import Channel
from morphogenetic_engine.sweeps.run.workers.report_file import ReportFile
from morphogenetic_engine.sweeps.run.workers.worker_trial import Pausing, WorkerTrial
from morphogenetic_engine.sweeps.search.pruners.deciders import AttemptDecider
from morphogenetic_engine.sweeps.search.pruners.thresholds import thresholds_of_json
from morphogenetic_engine.trial import Params, missing_constrained, missing_objective

TaskLine = Mapping[str, object]
"""A task as the coordinator sends it."""


def trial_of(task: TaskLine, channel: Channel) -> WorkerTrial:
    """Returns the trial of a task."""
    objective = texts(task["objectives"])[0]
    kept = ReportFile(Path(str(task["dir"])), _step(task.get("reported_until"))) if task.get("keeps_reports") else None
    return WorkerTrial(
        channel,
        number=whole(task["trial"]),
        attempt=whole(task["attempt"]),
        seed=whole(task["seed"]),
        dir=Path(str(task["dir"])),
        decides=bool(task["decides"]),
        decider=_decider(task),
        objective=objective,
        named=frozenset([*texts(task["objectives"]), *texts(task["named"])]),
        pausing=_pausing(task),
        kept=kept,
    )


def with_objectives(metrics: dict[str, float], task: TaskLine) -> dict[str, float]:
    """Returns the metrics.

    Raises:
        TrialFailed: an objective is missing.
    """
    for objective in texts(task["objectives"]):
        if objective not in metrics:
            raise missing_objective(objective, metrics)
    for constrained in texts(task["constrained"]):
        if constrained not in metrics:
            raise missing_constrained(constrained, metrics)
    return metrics


def texts(value: object) -> list[str]:
    """Returns a list of texts."""
    return [str(each) for each in _list(value)]


def mapping(value: object) -> Params:
    """Returns an object of JSON."""
    assert isinstance(value, dict)
    return value


def mappings(value: object) -> list[Params]:
    """Returns a list of objects of JSON."""
    return [mapping(each) for each in _list(value)]


def whole(value: object) -> int:
    """Returns a whole number."""
    assert isinstance(value, int)
    return value


def _pausing(task: TaskLine) -> Pausing | None:
    """Returns where an attempt pauses; None: it runs to its end."""
    after = task.get("pause_after")
    return (
        None if after is None else Pausing(whole(after), _step(task.get("reported_until")), texts(task["objectives"]))
    )


def _decider(task: TaskLine) -> AttemptDecider | None:
    """Returns the decisions that came with a task; None: none are made, or the session makes them."""
    written = task.get("thresholds")
    if written is None:
        return None
    reported = {whole(step): _number(value) for step, value in map(_pair, _list(task["reported"]))}
    return AttemptDecider(thresholds_of_json(str(written)).decider(), reported)


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _pair(value: object) -> tuple[object, object]:
    step, metric = _list(value)
    return step, metric


def _number(value: object) -> float:
    assert isinstance(value, float | int)
    return float(value)


def _step(value: object) -> int | None:
    return None if value is None else whole(value)
