"""Journals of sweeps, written without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.trial import Value


@dataclass
class Story:
    """Events in the order of time, one each quarter of a second."""

    events: list[Event] = field(default_factory=list)
    time: float = 1_700_000_000.0

    def session(self) -> Story:
        return self._add(SessionStarted(self._now(), 1, "host", "0.1.0", 2))

    def end(self, outcome: Outcome = Outcome.FINISHED, message: str = "") -> Story:
        return self._add(SessionEnded(self._now(), outcome, message))

    def start(self, trial: int, attempt: int = 0) -> Story:
        params: Mapping[str, Value] = {"lr": 10.0 ** -(trial + 1), "deep": True, "hidden_dim": 32, "name": "a b"}
        return self._add(TrialStarted(self._now(), trial, attempt, 0, 100 + trial, params))

    def report(self, trial: int, steps: int = 3, attempt: int = 0) -> Story:
        for step in range(steps):
            metrics = {"val_acc": step / 10 + trial, "loss": 1 / (step + 1)}
            self._add(TrialReported(self._now(), trial, attempt, step, metrics))
        return self

    def complete(self, trial: int, val_acc: float, attempt: int = 0) -> Story:
        metrics = {"val_acc": val_acc, "test_acc": val_acc / 2}
        return self._add(TrialEnded(self._now(), trial, attempt, TrialState.COMPLETE, 0.5, metrics))

    def prune(self, trial: int, attempt: int = 0) -> Story:
        return self._add(TrialEnded(self._now(), trial, attempt, TrialState.PRUNED, 0.5, {"val_acc": 0.1}))

    def fail(self, trial: int, message: str, attempt: int = 0) -> Story:
        reason = FailureReason.EXCEPTION
        return self._add(
            TrialEnded(self._now(), trial, attempt, TrialState.FAILED, 0.5, reason=reason, message=message)
        )

    def crash(self, trial: int, attempt: int = 0) -> Story:
        return self._add(AttemptFailed(self._now(), trial, attempt, FailureReason.KILLED, "the worker process died"))

    def _add(self, event: Event) -> Story:
        self.events.append(event)
        return self

    def _now(self) -> float:
        self.time += 0.25
        return self.time
