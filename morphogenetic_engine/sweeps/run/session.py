"""A session: starts tasks as slots become free, enforces the time limit, and passes on what is heard of each task.

The run loop, a single trial and a confirmation stand on it. What they run and record is their `Work`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from morphogenetic_engine.errors import FailureReason, SweepError
from morphogenetic_engine.sweeps.run.executor import Executor, ExecutorSetup, executor_of
from morphogenetic_engine.sweeps.run.messages import (
    Ended,
    Message,
    PausedAttempt,
    Replicated,
    Reported,
    ReturnedAttempt,
    Stale,
    TaskKey,
    TrialTask,
    failed,
)
from morphogenetic_engine.sweeps.run.stop_signals import StopSignals
from morphogenetic_engine.sweeps.strategy import Decision

_PATIENCE = 2
"""Times the limit that a task of a batch may use until its worker is stopped."""


class Work(ABC):
    """The tasks of a session, and the records of what becomes of them."""

    # pylint: disable=no-self-use  # the defaults are for work that has no use for these events
    @property
    @abstractmethod
    def waiting(self) -> int:
        """The number of tasks that are still to be started."""

    def refresh(self) -> float | None:
        """Brings `waiting` up to date; returns the time of the monotonic clock at which it has to be done again."""
        return None

    @abstractmethod
    def next(self, slot: int) -> TrialTask | None:
        """Records that a task starts in this slot and returns it; None: none can start now."""

    def reported(self, report: Reported | Replicated) -> Decision:
        """Records a report and decide whether the trial goes on."""
        del report
        return Decision.GO_ON

    @abstractmethod
    def ended(self, ended: Ended, seconds: float) -> None:
        """Records the end of an attempt: the trial has ended, or waits to be retried."""

    def paused(self, key: TaskKey, seconds: float, saved: float | None = None) -> None:
        """Records that an attempt ended because its trial is paused; `saved` as in `Ended`.

        Raises:
            SweepError: nothing of this work calls a paused trial again.
        """
        del seconds, saved
        raise SweepError(f"trial {key[0]}: was paused, but nothing in this session can call it again")

    def returned(self, key: TaskKey, seconds: float, message: str) -> None:
        """Records that an attempt ended with its batch: the trial runs again, alone."""
        self.ended(failed(key, FailureReason.KILLED, message), seconds)

    @abstractmethod
    def interrupted(self, key: TaskKey, seconds: float) -> None:
        """Records that an attempt was interrupted."""


@dataclass
class _Running:
    task: TrialTask
    begun: float
    """By the monotonic clock."""
    slot: int
    counted: float
    """The time up to which `used` counts."""
    used: float = 0.0
    """Seconds: its share of the time that its slot has spent on it and others."""
    was_together: bool = False

    def count(self, now: float, together: int) -> None:
        """Adds the time since the last call, in which the slot had so many tasks."""
        self.used += (now - self.counted) / together
        self.counted = now
        self.was_together |= together > 1


@contextmanager
def open_executor(setup: ExecutorSetup) -> Iterator[tuple[Executor, StopSignals]]:
    """Starts the executor of a sweep, and the stop signals that end its wait; ends both on exit."""
    with StopSignals() as signals:
        with executor_of(setup.config)(replace(setup, wakeup=signals.descriptor)) as executor:
            signals.before_exit = executor.stop_all
            yield executor, signals
            signals.before_exit = None


class Session:
    """Runs the tasks of a `Work` on an executor."""

    def __init__(self, executor: Executor, work: Work, signals: StopSignals, *, limit: float | None) -> None:
        """`limit` is the number of seconds that a task may take."""
        self.dropped = 0
        """Messages that came after the end of their attempt and were dropped."""
        self._executor = executor
        self._work = work
        self._signals = signals
        self._limit = limit
        self._running: dict[TaskKey, _Running] = {}
        self._held: dict[int, TrialTask] = {}
        """Tasks that run alone, by the slot that still has to become idle for them."""

    def run(self) -> bool:
        """Runs until nothing waits and nothing runs, and returns True; False: a signal ended it.

        Raises:
            ConfigError: the workload does not take the sweep's parameters.
            WorkloadError: the workload cannot be loaded.
        """
        while True:
            until = self._work.refresh()
            if not self._work.waiting and not self._running and not self._held:
                return True
            if self._signals.requested:
                self._hear(self._executor.stop_all())
                self.give_up()
                return False
            self._start()
            self._hear(self._executor.messages(self._deadline(until)))
            self._end_overdue()

    def give_up(self) -> None:
        """Records what still runs as interrupted."""
        for running in self._running.values():
            self._work.interrupted(running.task.key, time.monotonic() - running.begun)
        for task in self._held.values():
            self._work.interrupted(task.key, 0.0)
        self._running.clear()
        self._held.clear()

    def _start(self) -> None:
        """Starts what can run now; the tasks of a slot together, so that they are a batch from the first step."""
        self._start_held()
        started: dict[int, list[TrialTask]] = {}
        for slot in self._executor.free(self._work.waiting):
            if slot in self._held:
                continue
            task = self._work.next(slot)
            if task is None:
                break
            if task.alone:
                self._held[slot] = task
            else:
                self._note_start(slot, task)
                started.setdefault(slot, []).append(task)
        for slot, tasks in started.items():
            self._send(slot, tasks)
        self._start_held()

    def _start_held(self) -> None:
        """Starts the tasks that run alone, where their slots are idle."""
        busy = {running.slot for running in self._running.values()}
        for slot in self._held.keys() - busy:
            if slot in self._executor.free(1):
                task = self._held.pop(slot)
                self._note_start(slot, task)
                self._send(slot, [task])

    def _note_start(self, slot: int, task: TrialTask) -> None:
        now = time.monotonic()
        self._running[task.key] = _Running(task, now, slot, now)

    def _send(self, slot: int, tasks: Sequence[TrialTask]) -> None:
        self._executor.start(slot, [replace(task, limit=self._limit) for task in tasks])

    def _hear(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if message.key in self._running and not isinstance(message, Stale):
                self._take(message)
            else:
                self.dropped += 1

    def _take(self, message: Reported | Replicated | Ended | PausedAttempt | ReturnedAttempt) -> None:
        task = self._running[message.key].task
        match message:
            case Reported() | Replicated():
                decision = self._work.reported(message)
                if task.awaits_decisions and (isinstance(message, Replicated) or message.replicate is None):
                    self._executor.decide(task.key, decision)
            case Ended():
                running = self._running.pop(message.key)
                self._work.ended(message, time.monotonic() - running.begun)
            case PausedAttempt():
                running = self._running.pop(message.key)
                self._work.paused(message.key, time.monotonic() - running.begun, message.saved)
            case ReturnedAttempt():
                running = self._running.pop(message.key)
                self._work.returned(message.key, time.monotonic() - running.begun, message.message)

    def _end_overdue(self) -> None:
        """Stops the tasks that have run longer than allowed."""
        if self._limit is None:
            return
        now, together = time.monotonic(), self._together()
        for running in self._running.values():
            running.count(now, together[running.slot])
        for key, running in list(self._running.items()):
            if running.used >= self._allowed(running) and key in self._running:
                self._hear(self._executor.stop(key))
                if key in self._running:
                    self._take(failed(key, FailureReason.TIMEOUT, f"ran longer than {self._limit:g} s"))

    def _together(self) -> Counter[int]:
        """Returns the number of tasks of each slot."""
        return Counter(running.slot for running in self._running.values())

    def _allowed(self, running: _Running) -> float:
        """Returns the seconds that a task may use; one that was not alone is taken out of its batch by its worker.

        If that does not happen, the worker hangs, and its whole batch runs again.
        """
        assert self._limit is not None
        return self._limit * (_PATIENCE if running.was_together else 1)

    def _deadline(self, until: float | None) -> float | None:
        """Returns the time of the monotonic clock by which something has to be done, if any."""
        times = [] if until is None else [until]
        if self._limit is not None:
            together = self._together()
            times += (
                each.counted + (self._allowed(each) - each.used) * together[each.slot]
                for each in self._running.values()
            )
        return min(times, default=None)
