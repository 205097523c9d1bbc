"""The totals at the top of the monitor's page: trials by state, failures by reason, retries, the best trial."""

from __future__ import annotations

from typing import NamedTuple

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    ConfirmationEnded,
    ReplicateEnded,
    StepsRepeated,
    TrialEnded,
    TrialInterrupted,
    TrialPaused,
    TrialPromoted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.objective import Objective, OutcomeLimits, broken_limits

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


class Standing(NamedTuple):
    """The state of a trial and the reason of its failure; None: it has not begun, or has not failed."""

    state: TrialState | None
    reason: FailureReason | None


class Totals:
    """The totals after some events."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(TrialState, 0)
        self.reasons = dict.fromkeys(FailureReason, 0)
        self.ended_before = 0
        """The trials that had ended when the session began."""
        self.retries = self.confirmations = 0
        self.best: TrialRecord | None = None
        self.fusing_saved = 0.0
        """Seconds of workers, estimated; 0 where nothing was measured."""
        self.ruled_out: set[int] = set()
        """The complete trials that break outcome constraints."""

    def begin_session(self) -> None:
        """Takes the start of a session."""
        self.ended_before = sum(count for state, count in self.counts.items() if state.final)

    def count(self, event: TrialEvent, before: Standing, after: Standing) -> None:
        """Updates the counts after an event: its trial moves from one state and failure reason to another."""
        self.retries += isinstance(event, AttemptFailed)
        self.confirmations += isinstance(event, ConfirmationEnded)
        if isinstance(event, TrialEnded | TrialPaused):
            self.fusing_saved += event.saved or 0.0
        for standing, change in ((before, -1), (after, 1)):
            if standing.state is not None:
                self.counts[standing.state] += change
            if standing.reason is not None:
                self.reasons[standing.reason] += change

    def rank(self, trial: TrialRecord, objective: Objective, limits: OutcomeLimits) -> None:
        """Keeps the feasible trial with the best first objective; of equals, the lower number."""
        if trial.state is not TrialState.COMPLETE:
            return
        if broken_limits(limits, trial.metrics):
            self.ruled_out.add(trial.number)
            return
        value = trial.metrics[objective.metric]
        best = None if self.best is None else self.best.metrics[objective.metric]
        if self.best is None or best is None or objective.direction.better(value, best):
            self.best = trial
        elif value == best and trial.number < self.best.number:
            self.best = trial
