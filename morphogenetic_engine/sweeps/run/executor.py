"""The executor protocol: what runs the trials of a session.

An executor is made from an `ExecutorSetup`, entered as a context manager, and holds nothing after it is left. It knows
tasks and messages; what a trial's end means (retries, decisions, records) is the session's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.run.messages import Message, TaskKey, TrialTask
from morphogenetic_engine.sweeps.schema.executors.executor_names import EXECUTORS
from morphogenetic_engine.sweeps.strategy import Decision


class Executor(Protocol):
    """Runs trials in slots. A slot takes one or several tasks at a time; more can join, where the executor says so."""

    def free(self, waiting: int) -> Sequence[int]:
        """Returns the slots that can take tasks now; one that can take several is named as often.

        A slot that runs a task which is `alone` takes no other. `waiting` is the number of tasks that are still to be
        started: an executor may make slots for them.
        """

    def start(self, slot: int, tasks: Sequence[TrialTask]) -> None:
        """Starts tasks in a free slot. Messages about each of them arrive until its end.

        Tasks that a slot runs at once are a batch; if its process is lost, each of them ends as a `ReturnedAttempt`.
        """

    def messages(self, until: float | None) -> Iterator[Message]:
        """Waits for messages, at most until a time of the monotonic clock, and yields those that have arrived.

        A task whose process is lost ends as failed with the reason `killed`, or as a `ReturnedAttempt` if others
        shared the process.

        Raises:
            ConfigError: the workload does not take the sweep's parameters.
            WorkloadError: the workload cannot be loaded.
        """

    def decide(self, key: TaskKey, decision: Decision) -> None:
        """Answers a report of a task that waits for a decision."""

    def stop(self, key: TaskKey) -> Sequence[Message]:
        """Ends one task at once and returns its pending messages; other tasks of its slot may end too."""

    def stop_all(self) -> Sequence[Message]:
        """Ends all tasks at once and returns the messages that were on their way."""


@dataclass(frozen=True)
class ExecutorSetup:
    """The arguments of an executor's constructor."""

    config: SweepConfig
    where: str
    """The name of the sweep in error messages: the path of its file."""
    directory: Path
    """The directory in which the workload is imported and runs."""
    log: Path
    """The file for output that belongs to no trial."""
    parallel: int
    """The largest number of slots."""
    at_once: int | None = None
    """The number of tasks that can run at once, where more have to wait for their results; None: any number."""
    wakeup: int | None = None
    """A descriptor that ends the wait of `messages` when it can be read; it is drained then."""


ExecutorFactory = Callable[[ExecutorSetup], AbstractContextManager[Executor]]
"""The type of the entry points in the group `morphogenetic_engine.executors`."""


def executor_of(config: SweepConfig) -> ExecutorFactory:
    """Returns the factory of the executor that a configuration names.

    Raises:
        ConfigError: it is not installed, or cannot be imported.
    """
    factory = EXECUTORS.find(config.execution.executor)
    if not callable(factory):
        raise ConfigError(f"execution.executor: {config.execution.executor}: is no factory of executors: {factory!r}")
    return factory
