"""The messages between a session and its executor: tasks one way, messages the other way.

Every task and message names its trial and attempt, so that one that comes late is recognised as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.search.pruners.thresholds import Thresholds
from morphogenetic_engine.trial import Params

TaskKey = tuple[int, int]
"""Trial and attempt; no two tasks of a session have the same."""


@dataclass(frozen=True)
class TrialTask:
    """One attempt at one trial."""

    trial: int
    attempt: int
    seed: int
    params: Params
    dir: Path
    objectives: Sequence[str]
    """Metrics that the workload must return, and that it reports at rungs."""
    constrained: Sequence[str] = ()
    """Further metrics that it must return, because outcome constraints limit them."""
    named: Sequence[str] = ()
    """Further metrics that the sweep file names: they must be finite, as the objectives must."""
    decides: bool = False
    """True if there is a decision about each report (with replicates: about each replicate)."""
    thresholds: Thresholds | None = None
    """The decisions as data, by which the worker decides itself; None: a report waits until the session has decided."""
    reported: Mapping[int, float] = field(default_factory=dict)
    """The objective of each step that earlier attempts reported, which the decisions take into account."""
    replicates: Sequence[Mapping[str, int]] = ()
    """`replicate` and `seed` of each run that is left to do; empty: one run with the trial's own seed."""
    pause_after: int | None = None
    """The attempt pauses at this report, counted from 1; None: it runs to its end.

    Reports that lack an objective, and those up to `reported_until`, do not count.
    """
    reported_until: int | None = None
    """The last step that earlier attempts reported; a workload without checkpoints repeats the steps up to it."""
    keeps_reports: bool = False
    """Reports are kept in `dir`, and sent once more by the next attempt if a killed session did not record them."""
    alone: bool = False
    """The slot runs no other task while it runs this one."""
    limit: float | None = None
    """Seconds: a task that has used so many as its share of a slot's time leaves the others, to run alone."""

    @property
    def key(self) -> TaskKey:
        return self.trial, self.attempt

    @property
    def awaits_decisions(self) -> bool:
        """True if a report waits for an answer."""
        return self.decides and self.thresholds is None


@dataclass(frozen=True)
class _OfTask:
    trial: int
    attempt: int

    @property
    def key(self) -> TaskKey:
        return self.trial, self.attempt


@dataclass(frozen=True)
class Reported(_OfTask):
    """The metrics of one step."""

    step: int
    metrics: Mapping[str, float]
    replicate: int | None = None


@dataclass(frozen=True)
class Replicated(_OfTask):
    """One replicate of a trial is complete; `duration` in seconds."""

    replicate: int
    seed: int
    metrics: Mapping[str, float]
    duration: float


@dataclass(frozen=True)
class Ended(_OfTask):
    """The end of an attempt."""

    state: TrialState
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: FailureReason | None = None
    message: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """The number of values of each metric that were left out because they were not finite."""
    saved: float | None = None
    """The seconds that it saved by training with others, estimated; None: nothing was measured."""

    @property
    def missing_key(self) -> str:
        """The key of the sweep file that asks for the metric which a trial lacks."""
        constrained = "outcome_constraints" in self.message
        return "optimization.outcome_constraints" if constrained else "optimization.target_metric"


@dataclass(frozen=True)
class PausedAttempt(_OfTask):
    """An attempt ended because its trial is paused."""

    saved: float | None = None
    """As in `Ended`."""


@dataclass(frozen=True)
class ReturnedAttempt(_OfTask):
    """An attempt ended because its batch did, for no reason of its own: the trial runs again, alone."""

    message: str = ""


@dataclass(frozen=True)
class Stale(_OfTask):
    """A message that came after the end of its attempt, and was dropped."""


@dataclass(frozen=True)
class Unwritable(_OfTask):
    """The files of a trial, as opposed to those of its workload, cannot be written; the attempt has no result."""

    message: str


Message = Reported | Replicated | Ended | PausedAttempt | ReturnedAttempt | Stale


def failed(key: TaskKey, reason: FailureReason, message: str) -> Ended:
    """Returns the end of an attempt that the executor or the session noticed rather than the workload."""
    return Ended(*key, TrialState.FAILED, reason=reason, message=message)
