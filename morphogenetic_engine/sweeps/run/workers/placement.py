"""The protocol of what a group of workers stands on: worker processes on this machine, or on others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from morphogenetic_engine.sweeps.run.messages import TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.workers.wire import WorkerMessage
from morphogenetic_engine.sweeps.strategy import Decision


class PlacedWorker(Protocol):
    """A worker process, wherever it runs."""

    number: int
    is_ready: bool
    most: int
    """The number of trials that its workload trains at once."""

    def assign(self, tasks: Sequence[TrialTask], *, fused: bool = False) -> None:
        """Gives the worker tasks, which it runs one after another; `fused`: with those that it runs already."""

    def decide(self, key: TaskKey, decision: Decision) -> None:
        """Answers a report that waits for a decision."""


WorkerT = TypeVar("WorkerT", bound=PlacedWorker)


class Placement(Protocol[WorkerT]):
    """Starts, hears and ends workers."""

    @property
    def staying(self) -> list[WorkerT]:
        """The workers that were not retired."""

    def start(self, number: int) -> WorkerT:
        """Starts one more worker."""

    def poll(self, until: float | None) -> list[tuple[WorkerT, WorkerMessage]]:
        """Waits for messages, at most until a time of the monotonic clock; a death is the last message of a worker."""

    def retire(self, worker: WorkerT) -> None:
        """Gives a worker no further task."""

    def kill(self, worker: WorkerT) -> list[WorkerMessage]:
        """Kills a worker and returns the messages that were on their way."""

    def kill_all(self) -> list[tuple[WorkerT, WorkerMessage]]:
        """Kills every worker and returns the messages that were on their way."""
