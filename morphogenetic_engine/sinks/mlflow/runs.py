"""What MLflow keeps of a run, in the pieces that one call may carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.trial import Metrics

TAG = "morphogenetic."
METRICS_A_CALL = 900
ENTRIES_A_CALL = 100
"""Params and tags together, MLflow's own limit; with the metrics they stay under its 1000 in all."""
LONGEST_PARAM = 6000
LONGEST_TAG = 5000


class Status(StrEnum):
    """MLflow's words for the state of a run."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


TRIAL_STATUS: Mapping[TrialState, Status] = {
    TrialState.RUNNING: Status.RUNNING,
    TrialState.INTERRUPTED: Status.SCHEDULED,
    TrialState.COMPLETE: Status.FINISHED,
    TrialState.PRUNED: Status.KILLED,
    TrialState.FAILED: Status.FAILED,
}
SWEEP_STATUS: Mapping[Outcome, Status] = {
    Outcome.FINISHED: Status.FINISHED,
    Outcome.EARLY_STOPPED: Status.FINISHED,
    Outcome.TIME_IS_UP: Status.FINISHED,
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
    """What is new of a run, and all that is needed to create it; times in milliseconds since 1970."""

    name: str
    started: int
    status: Status
    ended: int | None = None
    """Of a run that is over."""
    params: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
    """The tags that never change, by which the run is found again."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The tags that may."""
    metrics: Sequence[MetricRow] = ()
    begun: bool = False
    """It began since the last update, so that its params have to be sent."""


@dataclass(frozen=True)
class TrialUpdate:
    """What is new of a trial; each attempt has a run of its own, and only the last attempt's run stays."""

    number: int
    attempt: int
    run: RunUpdate


@dataclass(frozen=True)
class Page:
    """What one call carries."""

    metrics: Sequence[MetricRow]
    params: Mapping[str, str]
    tags: Mapping[str, str]


def pages(run: RunUpdate, *, with_params: bool) -> Iterator[Page]:
    """Cut an update into calls that MLflow takes."""
    params = [(key, shortened(value, LONGEST_PARAM)) for key, value in run.params.items()] if with_params else []
    tags = [(key, shortened(value, LONGEST_TAG)) for key, value in run.tags.items()]
    metrics = list(run.metrics)
    while params or tags or metrics:
        room = ENTRIES_A_CALL - len(params[:ENTRIES_A_CALL])
        yield Page(metrics[:METRICS_A_CALL], dict(params[:ENTRIES_A_CALL]), dict(tags[:room]))
        del metrics[:METRICS_A_CALL], params[:ENTRIES_A_CALL], tags[:room]


def shortened(value: str, longest: int) -> str:
    """Return a text that fits; one that was cut ends with an ellipsis."""
    return value if len(value) <= longest else f"{value[: longest - 1]}…"


def milliseconds(seconds: float) -> int:
    """Return MLflow's time for the journal's."""
    return round(seconds * 1000)


def metric_rows(metrics: Metrics, time: float, step: int) -> list[MetricRow]:
    """Return the rows of metrics that belong together; `time` in seconds since 1970."""
    return [MetricRow(key, value, milliseconds(time), step) for key, value in metrics.items()]
