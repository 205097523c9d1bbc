"""The trials of a sweep according to its journal: the state after some events, and the reader of a whole journal."""

from __future__ import annotations

from collections.abc import Container, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from morphogenetic_engine.errors import FailureReason, SweepError
from morphogenetic_engine.sweeps.record.attempts import Attempts
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    ConfirmationEnded,
    Event,
    ReplicateEnded,
    SessionEnded,
    SessionStarted,
    StepsRepeated,
    TrialEnded,
    TrialEvent,
    TrialInterrupted,
    TrialPaused,
    TrialPromoted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.record.reported_curve import ReportedCurve
from morphogenetic_engine.trial import Value

WALL_CLOCK_METRICS = frozenset({"runtime"})
"""Metrics that naturally differ between runs; they are among the wall-clock columns of the table."""


@dataclass(frozen=True, slots=True)
class Replicate:
    """One run of a trial's configuration with one of the seeds that all configurations share."""

    seed: int
    metrics: Mapping[str, float]
    duration: float
    """Seconds."""
    curve: Mapping[int, Mapping[str, float]]
    """Metrics by step."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One more run of a trial's configuration, with a seed that the search did not use."""

    seed: int
    state: TrialState
    metrics: Mapping[str, float]
    duration: float
    """Seconds."""
    reason: FailureReason | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """The end of a trial's training towards one rung."""

    step: int
    metrics: Mapping[str, float]
    """Of the report at this step."""
    duration: float
    """Seconds of the attempt that ended here."""


@dataclass(slots=True)
class TrialRecord:  # pylint: disable=too-many-instance-attributes  # each is a column or a state of its own
    """The state of one trial according to the journal."""

    number: int
    seed: int
    params: Mapping[str, Value]
    state: TrialState = TrialState.RUNNING
    reason: FailureReason | None = None
    message: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    curve: MutableMapping[int, Mapping[str, float]] = field(default_factory=ReportedCurve)
    """Metrics by step; a later attempt overwrites the steps that it reports again. With replicates, a step is one."""
    replicates: dict[int, Replicate] = field(default_factory=dict)
    """The replicates that are complete, by their numbers."""
    confirmations: dict[int, Confirmation] = field(default_factory=dict)
    """The runs with fresh seeds, by the numbers of the seeds."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """The number of values of each metric that were left out because they were not finite."""
    attempt: int = 0
    """The last attempt, from 0."""
    crashes: int = 0
    """Attempts that ended with the death of the worker and were retried."""
    exceptions: int = 0
    """Attempts that ended with an exception and were retried."""
    started: float = 0.0
    """The start of the last attempt, in seconds since 1970."""
    duration: float = 0.0
    """Seconds of the last attempt, and of those before it that ended in a pause."""
    pauses: list[Pause] = field(default_factory=list)
    """The rungs at which it paused, from the lowest."""
    rung: int = 0
    """The rung that it is trained to, from 0: it has been promoted so often."""
    parent: int | None = None
    """The trial from whose files it went on; None: it began anew."""
    repeated: int = 0
    """Steps that it reported again, because it did not go on from a checkpoint."""


def counted_steps(trial: TrialRecord, objectives: Sequence[str]) -> list[int]:
    """Returns the steps at which a trial reported all objectives, in order."""
    return sorted(step for step, found in trial.curve.items() if all(name in found for name in objectives))


def line_of(trial: TrialRecord, trials: Mapping[int, TrialRecord]) -> list[TrialRecord]:
    """Returns a trial's line of descent, the first ancestor first and itself last."""
    line = [trial]
    while line[0].parent is not None:
        line.insert(0, trials[line[0].parent])
    return line


class History:
    """The state of a sweep after some events; `apply` takes the next one."""

    def __init__(self, *, keep_curves: bool = True, identities: Container[str] | None = None) -> None:
        """`identities` are those of the sweep's configuration; None: they are not checked."""
        self.trials: dict[int, TrialRecord] = {}
        self.sessions: list[SessionStarted] = []
        self.attempts = Attempts()
        self.last_end: SessionEnded | None = None
        self.any_complete = False
        self._keep_curves = keep_curves
        self._identities = identities
        self._inner: dict[tuple[int, int], ReportedCurve] = {}
        self._begun = self._last = self._seconds_before = 0.0

    @property
    def seconds(self) -> float:
        """Wall time of all sessions, each up to its last event."""
        return self._seconds_before + self._last - self._begun

    def apply(self, event: Event) -> None:
        """Takes the next event.

        Raises:
            SweepError: it is of a trial that never started, or of a session of another search.
        """
        self.attempts.apply(event)
        if isinstance(event, TrialReported):  # first, because it is the most frequent by far
            self._last = max(self._last, event.time)
            if event.trial not in self.trials:
                raise SweepError(f"trial {event.trial} has a {event.kind}, but never started")
            if self._keep_curves:
                curve = self._curve_of(event)
                step, metrics = event.step, event.metrics
                curve[step] = {**curve[step], **metrics} if step in curve else metrics
            return
        if isinstance(event, SessionStarted):
            self._seconds_before, self._begun, self._last = self.seconds, event.time, event.time
        # An interruption is noted by the next session when a process was killed; a confirmation is in no session.
        if not isinstance(event, TrialInterrupted | ConfirmationEnded):
            self._last = max(self._last, event.time)  # clocks may be set back
        match event:
            case ReplicateEnded():
                self._take_replicate(event)
            case TrialStarted():
                self._take_start(event)
            case TrialEnded():
                _take_end(self._trial(event), event)
                self.any_complete = self.any_complete or event.state is TrialState.COMPLETE
            case AttemptFailed():
                _take_failure(self._trial(event), event.reason)
            case TrialInterrupted():
                self._trial(event).state = TrialState.INTERRUPTED
            case TrialPaused() | TrialPromoted() | StepsRepeated():
                _take_pausing(self._trial(event), event)
            case ConfirmationEnded():
                self._trial(event).confirmations[event.index] = Confirmation(
                    event.seed, event.state, event.metrics, event.duration, event.reason, event.message
                )
            case SessionStarted():
                self._check_identity(event)
                self.sessions.append(event)
                self.last_end = None
            case SessionEnded():
                self.last_end = event

    def _take_start(self, event: TrialStarted) -> None:
        trial = self.trials.get(event.trial)
        if trial is None:
            trial = self.trials[event.trial] = TrialRecord(event.trial, event.seed, event.params)
        trial.parent = event.parent
        trial.state, trial.attempt, trial.started = TrialState.RUNNING, event.attempt, event.time
        trial.reason, trial.message, trial.metrics = None, "", {}  # of a failure that is retried

    def _take_replicate(self, event: ReplicateEnded) -> None:
        trial, curve = self._trial(event), self._inner.pop((event.trial, event.replicate), ReportedCurve())
        trial.replicates[event.replicate] = Replicate(event.seed, event.metrics, event.duration, curve)
        trial.curve[event.replicate] = event.metrics

    def _curve_of(self, event: TrialReported) -> MutableMapping[int, Mapping[str, float]]:
        if event.replicate is None:
            return self._trial(event).curve
        return self._inner.setdefault((event.trial, event.replicate), ReportedCurve())

    def _trial(self, event: TrialEvent) -> TrialRecord:
        try:
            return self.trials[event.trial]
        except KeyError as error:
            raise SweepError(f"trial {event.trial} has a {event.kind}, but never started") from error

    def _check_identity(self, event: SessionStarted) -> None:
        if self._identities is not None and event.identity and event.identity not in self._identities:
            raise SweepError(
                "belongs to another search than sweep.json describes: restore sweep.json, or start a new sweep"
            )

    def ended(self, number: int) -> bool:
        """Returns whether a trial reached a final state."""
        return number in self.trials and self.trials[number].state.final


def _take_end(trial: TrialRecord, event: TrialEnded) -> None:
    trial.state, trial.reason, trial.message = event.state, event.reason, event.message
    trial.metrics, trial.left_out = event.metrics, event.left_out
    trial.duration = _paused_seconds(trial) + event.duration


def _take_failure(trial: TrialRecord, reason: FailureReason) -> None:
    trial.state = TrialState.INTERRUPTED
    if reason is FailureReason.KILLED:
        trial.crashes += 1
    else:
        trial.exceptions += 1


def _take_pausing(trial: TrialRecord, event: TrialPaused | TrialPromoted | StepsRepeated) -> None:
    match event:
        case TrialPaused():
            trial.state = TrialState.PAUSED
            trial.pauses.append(Pause(event.step, event.metrics, event.duration))
            trial.duration = _paused_seconds(trial)
        case TrialPromoted():
            trial.state, trial.rung = TrialState.PROMOTED, event.rung
        case StepsRepeated():
            trial.repeated += event.steps


def _paused_seconds(trial: TrialRecord) -> float:
    return sum(pause.duration for pause in trial.pauses)


def read_history(folder: SweepFolder, *, keep_curves: bool = True, identities: Container[str] | None = None) -> History:
    """Reads a sweep's journal; a sweep that was never started has no events.

    Raises:
        SweepError: the journal is damaged, or belongs to another search than the one with these identities.
        StoreError: it cannot be read.
    """
    history = History(keep_curves=keep_curves, identities=identities)
    if folder.journal.exists():
        for event in read_events(folder.journal):
            try:
                history.apply(event)
            except SweepError as error:
                raise SweepError(f"{folder.journal}: {error}") from error
    return history
