"""The timeline of a sweep: its attempts at trials and its sessions."""

from __future__ import annotations

from dataclasses import dataclass

from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    ConfirmationEnded,
    Event,
    SessionStarted,
    TrialEnded,
    TrialInterrupted,
    TrialPaused,
    TrialReported,
    TrialStarted,
    TrialState,
)


@dataclass(slots=True)
class Attempt:
    """One worker's attempt at one trial."""

    trial: int
    attempt: int
    """From 0."""
    worker: int
    """From 0 to max_parallel - 1."""
    session: int
    """The place of its session in the sweep, from 0."""
    started: float
    """Seconds since 1970."""
    ended: float | None = None
    """Seconds since 1970; the time of the last event if its process was killed; None: it runs."""
    state: TrialState = TrialState.RUNNING
    """Its end; interrupted: without a result, and the trial runs again."""
    saved: float | None = None
    """Seconds saved by training with others, estimated; None: nothing was measured."""


@dataclass(slots=True)
class Span:
    """The time span of a session, in seconds since 1970; `ended` is the time of its last event."""

    started: float
    ended: float
    max_parallel: int
    """Its workers."""


class Attempts:
    """The attempts and sessions after some events; `apply` takes the next one."""

    def __init__(self) -> None:
        self.all: list[Attempt] = []
        self.spans: list[Span] = []
        self._open: dict[int, Attempt] = {}

    def apply(self, event: Event) -> None:
        """Takes the next event."""
        if isinstance(event, TrialReported):  # first, because it is the most frequent by far
            if self.spans and event.time > self.spans[-1].ended:
                self.spans[-1].ended = event.time
            return
        match event:
            case SessionStarted():
                self._give_up_open()
                self.spans.append(Span(event.time, event.time, event.max_parallel))
            case ConfirmationEnded():
                return  # belongs to no session
            case TrialStarted():
                place = max(0, len(self.spans) - 1)
                attempt = Attempt(event.trial, event.attempt, event.worker, place, event.time)
                self.all.append(attempt)
                self._open[event.trial] = attempt
            case TrialEnded():
                self._close(event.trial, event.time, event.state, event.saved)
            case TrialPaused():
                self._close(event.trial, event.time, TrialState.PAUSED, event.saved)
            case AttemptFailed():
                self._close(event.trial, event.time, TrialState.INTERRUPTED)
            case TrialInterrupted():
                if event.trial not in self._open:
                    return  # noted by a later session, which has closed it already
                self._close(event.trial, event.time, TrialState.INTERRUPTED)
        if self.spans and event.time > self.spans[-1].ended:  # clocks may be set back
            self.spans[-1].ended = event.time

    def _close(self, trial: int, time: float, state: TrialState, saved: float | None = None) -> None:
        attempt = self._open.pop(trial, None)
        if attempt is not None:
            attempt.ended, attempt.state, attempt.saved = time, state, saved

    def _give_up_open(self) -> None:
        """Closes the attempts of a killed session at the time of its last event."""
        for trial in list(self._open):
            self._close(
                trial, self.spans[-1].ended if self.spans else self._open[trial].started, TrialState.INTERRUPTED
            )
