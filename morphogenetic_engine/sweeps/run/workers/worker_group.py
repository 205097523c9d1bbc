"""The workers of a session and their tasks: scaled to the work, assigned tasks, heard, replaced when they die."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from morphogenetic_engine.errors import FailureReason, MorphogeneticError, StoreError, WorkloadError
from morphogenetic_engine.sweeps.run.messages import (
    Ended,
    Message,
    PausedAttempt,
    ReturnedAttempt,
    Stale,
    TaskKey,
    TrialTask,
    Unwritable,
    failed,
)
from morphogenetic_engine.sweeps.run.workers.placement import Placement, WorkerT
from morphogenetic_engine.sweeps.run.workers.wire import Died, Leaving, Ready, Rejected, WorkerMessage
from morphogenetic_engine.sweeps.strategy import Decision

T = TypeVar("T")

_FAILED_STARTS = 3
"""Workers that may die in a row before one is ready."""
_LONGEST_WAIT_SECONDS = 2.0
_WAIT_SHARE = 0.5
"""The first tasks wait for the other workers for this share of the time that the first one took to be ready."""


class WorkerGroup(Generic[WorkerT]):
    """Workers with numbers from 0 to `parallel` - 1."""

    def __init__(
        self,
        pool: Placement[WorkerT],
        *,
        parallel: int,
        isolate: bool,
        fuse: int = 1,
        rejection: Callable[[Rejected], MorphogeneticError],
        failed_start: Callable[[str], MorphogeneticError] = WorkloadError,
    ) -> None:
        """`isolate` gives each task a fresh process; `fuse` is the largest number of tasks that a worker runs at once.

        With 0 its function for many is not used.

        The callables make errors from a rejection and from a death.
        """
        self._pool = pool
        self._parallel = parallel
        self._isolate = isolate
        self._fuse = fuse
        self._rejection = rejection
        self._failed_start = failed_start
        self._tasks: dict[WorkerT, set[TaskKey]] = {}
        self._alone: set[TaskKey] = set()
        self._failed_starts = 0
        self._begun: float | None = None
        self._others_until: float | None = None
        """Until then the first tasks wait for workers that are not ready yet."""

    def scale_to(self, waiting: int) -> None:
        """Starts workers until there is one for each task that runs or waits, `parallel` at most."""
        wanted = min(self._parallel, waiting + len(self._tasks))
        staying = self._pool.staying
        taken = {worker.number for worker in staying}
        free = (number for number in range(self._parallel) if number not in taken)
        for _ in range(wanted - len(staying)):
            self._begun = self._begun or time.monotonic()
            self._pool.start(next(free))

    def free(self, waiting: int) -> list[int]:
        """Returns the number of a worker once for each task that it can take now, the least busy workers first.

        The tasks that run and the `waiting` ones are shared out evenly, and so that neighbours, which are often alike,
        go to different workers.
        """
        if self._waits_for_others():
            return []
        running = sum(map(len, self._tasks.values()))
        share = max(1, -(-(waiting + running) // self._parallel))
        room = [(worker, min(share, self._most(worker))) for worker in self._pool.staying if worker.is_ready]
        return [
            worker.number
            for level in range(max((most for _, most in room), default=0))
            for worker, most in _turned(room, level)
            if len(self._tasks.get(worker, ())) <= level < most
        ]

    def _waits_for_others(self) -> bool:
        """Returns whether the first tasks of batches wait a moment, so that all workers take alike shares of them."""
        if self._fuse <= 1 or self._tasks or self._others_until is None:
            return False
        late = any(not worker.is_ready for worker in self._pool.staying)
        return late and time.monotonic() < self._others_until

    def assign(self, number: int, tasks: Sequence[TrialTask]) -> None:
        """Gives tasks to a worker that is idle, or runs tasks that these can join."""
        worker = next(each for each in self._pool.staying if each.number == number)
        self._tasks.setdefault(worker, set()).update(task.key for task in tasks)
        alone = {task.key for task in tasks if task.alone}
        self._alone |= alone
        worker.assign(tasks, fused=not alone and self._fuse > 0 and worker.most > 1)

    def _most(self, worker: WorkerT) -> int:
        """Returns the number of tasks that a worker runs at once; 0 if none can join those that it runs."""
        keys = self._tasks.get(worker, set())
        if not self._alone.isdisjoint(keys):
            return 0
        return max(1, min(self._fuse, worker.most))

    def decide(self, key: TaskKey, decision: Decision) -> None:
        """Answers a report of a task that waits for a decision."""
        worker = self._worker_of(key)
        if worker is not None:
            worker.decide(key, decision)

    def listen(self, until: float | None) -> Iterator[Message]:
        """Waits for messages, at most until a time of the monotonic clock.

        Raises:
            ConfigError: the workload does not take the sweep's parameters.
            WorkloadError: it cannot be loaded, or ends its process at import.
            StoreError: a worker cannot write a trial's files.
        """
        for worker, message in self._pool.poll(until):
            yield from self._read(worker, message)

    def stop(self, key: TaskKey) -> list[Message]:
        """Kills the worker that runs a task and returns the messages that were on their way.

        In a batch, all of its tasks are returned.
        """
        worker = self._worker_of(key)
        if worker is None:
            return []
        last = [each for message in self._pool.kill(worker) for each in self._read(worker, message)]
        left = self._tasks.pop(worker, set())
        if len(left) > 1:
            last += (ReturnedAttempt(*each, f"trial {key[0]} of its batch was stopped") for each in sorted(left))
        return last

    def stop_all(self) -> list[Message]:
        """Kills all workers and returns the messages that were on their way."""
        messages = self._pool.kill_all()
        last = [
            each
            for worker, message in messages
            if not isinstance(message, Rejected | Unwritable)
            for each in self._read(worker, message)
        ]
        self._tasks.clear()
        return last

    def _read(self, worker: WorkerT, message: WorkerMessage) -> Iterator[Message]:
        match message:
            case Ready():
                worker.is_ready, worker.most = True, message.most
                self._set_patience(message.most)
                self._failed_starts = 0
            case Leaving():
                self._pool.retire(worker)
            case Rejected():
                raise self._rejection(message)
            case Unwritable():
                raise StoreError(message.message)
            case Died():
                yield from self._read_death(worker, message)
            case _ if message.key not in self._tasks.get(worker, ()):
                yield Stale(*message.key)
            case Ended() | PausedAttempt() | ReturnedAttempt():
                self._take_end(worker, message.key)
                yield message
            case _:
                yield message

    def _set_patience(self, most: int) -> None:
        """Notes, with the first worker that is ready, how long its tasks wait for the others."""
        if self._others_until is None and self._begun is not None:
            now = time.monotonic()
            wait = min(_LONGEST_WAIT_SECONDS, _WAIT_SHARE * (now - self._begun)) if most > 1 else 0.0
            self._others_until = now + wait

    def _take_end(self, worker: WorkerT, key: TaskKey) -> None:
        """Note that a task has ended; its worker is idle, or leaves, when it has no other."""
        self._tasks[worker].remove(key)
        self._alone.discard(key)
        if not self._tasks[worker]:
            del self._tasks[worker]
            if self._isolate:
                self._pool.retire(worker)

    def _read_death(self, worker: WorkerT, died: Died) -> Iterator[Message]:
        status = died.status
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        hint = "; out of memory?" if status == -9 else ""
        said = f"was ended: {died.cause}" if died.cause else f"died ({how}{hint})"
        if died.lost:
            said = f"was lost: {died.lost}"
        keys = self._tasks.pop(worker, set())
        self._alone -= keys
        for key in sorted(keys):
            if len(keys) > 1:
                yield ReturnedAttempt(*key, f"the worker process of its batch {said}")
            else:
                yield failed(key, FailureReason.KILLED, f"the worker process {said}")
        if not worker.is_ready and not died.lost:
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS:
                raise self._failed_start(f"workers die before they are ready ({how})")

    def _worker_of(self, key: TaskKey) -> WorkerT | None:
        return next((worker for worker, keys in self._tasks.items() if key in keys), None)


def _turned(members: Sequence[T], level: int) -> Sequence[T]:
    """Returns the members in the order of a level: each begins with another one, in no period.

    A period could be that of a grid's last parameter, and give one member all of its expensive values.
    """
    turn = level.bit_count() % max(1, len(members))
    return [*members[turn:], *members[:turn]]
