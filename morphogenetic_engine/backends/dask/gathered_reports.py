"""Gathers the reports of a worker for a moment: each message costs both sides about a thousandth of a second."""

from __future__ import annotations

import time
from collections.abc import Sequence

from morphogenetic_engine.sweeps.run.messages import Reported, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.workers.wire import WorkerMessage

_GATHER_SECONDS = 0.05


class GatheredReports:
    """Holds reports back, so that a message carries many; others, and reports that await an answer, go at once."""

    def __init__(self) -> None:
        self.held: list[WorkerMessage] = []
        self._sent = 0.0
        self._asking: set[TaskKey] = set()
        """Tasks each report of which waits for an answer."""

    @property
    def due(self) -> float | None:
        """The time of the monotonic clock at which the reports must be sent; None: there are none."""
        return self._sent + _GATHER_SECONDS if self.held else None

    def expect(self, tasks: Sequence[TrialTask]) -> None:
        """Takes the tasks that the worker is given."""
        self._asking.update(task.key for task in tasks if task.awaits_decisions)

    def gathered(self, heard: Sequence[WorkerMessage]) -> Sequence[WorkerMessage]:
        """Returns the messages to send now, in their order."""
        self.held += heard
        if not self.held:
            return []
        now = time.monotonic()
        if now - self._sent < _GATHER_SECONDS and all(self._can_wait(message) for message in heard):
            return []
        self._sent, messages, self.held = now, self.held, []
        return messages

    def _can_wait(self, message: WorkerMessage) -> bool:
        return isinstance(message, Reported) and message.key not in self._asking
