"""The events of a sweep: the lines of the journal, which observers receive too.

Every event has a kind and a `time` (seconds since 1970, the only wall-clock value besides `duration`); `journal_file`
says how it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.trial import Value


class TrialState(StrEnum):
    """The state of a trial; the last three are final."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    PAUSED = "paused"
    """At a rung, where it waits for the other trials."""
    PROMOTED = "promoted"
    """Will go on to the next rung."""
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        return self in {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED}


class Outcome(StrEnum):
    """The outcome of a session (one start or resume of a sweep)."""

    FINISHED = "finished"
    EARLY_STOPPED = "early_stopped"
    TIME_IS_UP = "time_is_up"
    BUDGET_SPENT = "budget_spent"
    INTERRUPTED = "interrupted"
    ABORTED = "aborted"


@dataclass(frozen=True)
class SessionStarted:
    """A process began to run the sweep."""

    kind: ClassVar[str] = "session_started"
    time: float
    pid: int
    host: str
    version: str
    max_parallel: int
    identity: str = ""
    """The identity of the sweep's configuration; "" in journals of earlier versions and of single trials."""


@dataclass(frozen=True)
class SessionEnded:
    """The process stopped running the sweep and recorded the outcome."""

    kind: ClassVar[str] = "session_ended"
    time: float
    outcome: Outcome
    message: str = ""


@dataclass(frozen=True)
class TrialStarted:
    """A worker was given a trial; attempt 0 is the first."""

    kind: ClassVar[str] = "trial_started"
    time: float
    trial: int
    attempt: int
    worker: int
    seed: int
    params: Mapping[str, Value]
    parent: int | None = None
    """The trial from whose files it goes on; absent if it begins anew."""


@dataclass(frozen=True)
class TrialReported:
    """The workload reported the metrics of one step."""

    kind: ClassVar[str] = "trial_reported"
    time: float
    trial: int
    attempt: int
    step: int
    metrics: Mapping[str, float]
    replicate: int | None = None


@dataclass(frozen=True)
class ReplicateEnded:
    """One replicate of a trial is complete; `duration` in seconds."""

    kind: ClassVar[str] = "replicate_ended"
    time: float
    trial: int
    attempt: int
    replicate: int
    seed: int
    metrics: Mapping[str, float]
    duration: float


@dataclass(frozen=True)
class AttemptFailed:
    """An attempt failed and the trial will be retried."""

    kind: ClassVar[str] = "attempt_failed"
    time: float
    trial: int
    attempt: int
    reason: FailureReason
    message: str


@dataclass(frozen=True)
class TrialInterrupted:
    """A running trial was given up without an end; it runs again when the sweep is resumed."""

    kind: ClassVar[str] = "trial_interrupted"
    time: float
    trial: int
    attempt: int


@dataclass(frozen=True)
class TrialPaused:
    """An attempt ended at a rung: the trial waits there until it is promoted or ended.

    `step` and `metrics` are those of its last report; `duration` is that of the attempt, in seconds.
    """

    kind: ClassVar[str] = "trial_paused"
    time: float
    trial: int
    attempt: int
    step: int
    metrics: Mapping[str, float]
    duration: float
    saved: float | None = None
    """The seconds that the attempt saved by training with others, estimated; absent if nothing was measured."""


@dataclass(frozen=True)
class TrialPromoted:
    """A paused trial goes on to the rung `rung`, counted from 0."""

    kind: ClassVar[str] = "trial_promoted"
    time: float
    trial: int
    rung: int


@dataclass(frozen=True)
class StepsRepeated:
    """An attempt at a promoted trial reported `steps` steps again that were known: it did not go on where it paused."""

    kind: ClassVar[str] = "steps_repeated"
    time: float
    trial: int
    attempt: int
    steps: int


@dataclass(frozen=True)
class TrialEnded:
    """A trial reached a final state.

    `duration` is that of its last attempt, in seconds; 0 of a paused trial that is not promoted.
    """

    kind: ClassVar[str] = "trial_ended"
    time: float
    trial: int
    attempt: int
    state: TrialState
    duration: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: FailureReason | None = None
    message: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """The number of values of each metric that were left out because they were not finite; absent if none."""
    saved: float | None = None
    """The seconds that the last attempt saved by training with others, estimated; absent if nothing was measured."""


@dataclass(frozen=True)
class ConfirmationEnded:
    """A trial's configuration was run once more, with the fresh seed number `index`; `duration` in seconds.

    Belongs to no session, and changes nothing about the trial itself.
    """

    kind: ClassVar[str] = "confirmation_ended"
    time: float
    trial: int
    index: int
    seed: int
    state: TrialState
    duration: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: FailureReason | None = None
    message: str = ""


Event = (
    SessionStarted
    | SessionEnded
    | TrialStarted
    | TrialReported
    | ReplicateEnded
    | AttemptFailed
    | TrialInterrupted
    | TrialPaused
    | TrialPromoted
    | StepsRepeated
    | TrialEnded
    | ConfirmationEnded
)

TrialEvent = (
    TrialStarted
    | TrialReported
    | ReplicateEnded
    | AttemptFailed
    | TrialInterrupted
    | TrialPaused
    | TrialPromoted
    | StepsRepeated
    | TrialEnded
    | ConfirmationEnded
)
"""The events of one trial."""

KINDS: Mapping[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        SessionStarted,
        SessionEnded,
        TrialStarted,
        TrialReported,
        ReplicateEnded,
        AttemptFailed,
        TrialInterrupted,
        TrialPaused,
        TrialPromoted,
        StepsRepeated,
        TrialEnded,
        ConfirmationEnded,
    )
}
