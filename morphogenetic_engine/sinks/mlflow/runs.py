"""The data of an MLflow run, and its division into requests within MLflow's limits."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from morphogenetic_engine.metric_names import encoded
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.trial import Metrics

TAG = "morphogenetic."
_KEY_CHARACTERS = re.compile(r"[\w\-./ ]")
_LARGEST_STEP = 2**63 - 1
"""MLflow's databases hold no larger step; journals of earlier versions may."""
METRICS_A_CALL = 900
ENTRIES_A_CALL = 100
"""Params and tags together, MLflow's own limit; with the metrics they stay under its 1000 in all."""
LONGEST_PARAM = 6000
LONGEST_TAG = 5000


class Status(StrEnum):
    """MLflow's names of the states of a run."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


TRIAL_STATUS: Mapping[TrialState, Status] = {
    TrialState.RUNNING: Status.RUNNING,
    TrialState.INTERRUPTED: Status.SCHEDULED,
    TrialState.PAUSED: Status.SCHEDULED,
    TrialState.PROMOTED: Status.SCHEDULED,
    TrialState.COMPLETE: Status.FINISHED,
    TrialState.PRUNED: Status.KILLED,
    TrialState.FAILED: Status.FAILED,
}
SWEEP_STATUS: Mapping[Outcome, Status] = {
    Outcome.FINISHED: Status.FINISHED,
    Outcome.EARLY_STOPPED: Status.FINISHED,
    Outcome.TIME_IS_UP: Status.FINISHED,
    Outcome.BUDGET_SPENT: Status.FINISHED,
    Outcome.INTERRUPTED: Status.KILLED,
    Outcome.ABORTED: Status.FAILED,
}


@dataclass(frozen=True)
class MetricRow:
    """One value of a metric; `time` in milliseconds since 1970. MLflow keeps equal rows of a run once."""

    key: str
    value: float
    time: int
    step: int


@dataclass(frozen=True)
class RunUpdate:
    """The changes of a run, and everything needed to create it; times in milliseconds since 1970."""

    name: str
    started: int
    status: Status
    ended: int | None = None
    """Of a run that is over."""
    params: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
    """The constant tags that identify the run."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The tags that may change."""
    metrics: Sequence[MetricRow] = ()
    begun: bool = False
    """True if it started since the last update, so that its params have to be sent."""
    resumed: bool = False
    """True if it goes on since the last update, after a pause."""


@dataclass(frozen=True)
class TrialUpdate:
    """The changes of a trial; each attempt has its own run, and only the last attempt's run is kept."""

    number: int
    attempt: int
    run: RunUpdate


@dataclass(frozen=True)
class Page:
    """The content of one request."""

    metrics: Sequence[MetricRow]
    params: Mapping[str, str]
    tags: Mapping[str, str]


def pages(run: RunUpdate, *, with_params: bool) -> Iterator[Page]:
    """Divides an update into requests within MLflow's limits."""
    params = [(key, shortened(value, LONGEST_PARAM)) for key, value in run.params.items()] if with_params else []
    tags = [(key, shortened(value, LONGEST_TAG)) for key, value in run.tags.items()]
    metrics = list(run.metrics)
    while params or tags or metrics:
        room = ENTRIES_A_CALL - len(params[:ENTRIES_A_CALL])
        yield Page(metrics[:METRICS_A_CALL], dict(params[:ENTRIES_A_CALL]), dict(tags[:room]))
        del metrics[:METRICS_A_CALL], params[:ENTRIES_A_CALL], tags[:room]


def shortened(value: str, longest: int) -> str:
    """Returns the text within the limit; a truncated one ends with an ellipsis."""
    return value if len(value) <= longest else f"{value[: longest - 1]}…"


def milliseconds(seconds: float) -> int:
    """Converts the journal's time to MLflow's."""
    return round(seconds * 1000)


def metric_rows(metrics: Metrics, time: float, step: int) -> list[MetricRow]:
    """Returns the rows of metrics that belong together; `time` in seconds since 1970."""
    stored = max(min(step, _LARGEST_STEP), -_LARGEST_STEP)
    return [MetricRow(metric_key(name), value, milliseconds(time), stored) for name, value in metrics.items()]


def metric_key(name: str) -> str:
    """Returns the name of a metric on MLflow's pages: most names as they are, others encoded.

    MLflow takes letters and digits of any script, `_`, `-`, `.`, spaces and `/`, and the name must be a path that is in
    its shortest form and leads nowhere else.
    """
    key = encoded(name, _KEY_CHARACTERS)
    is_path = posixpath.normpath(key) == key and not key.startswith(("/", ".."))
    return key if is_path and key != "." else encoded(name)
