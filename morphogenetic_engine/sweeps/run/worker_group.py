"""The workers of a session and what each of them is running: hire, hand out, listen, end what takes too long.

Knows workers and their health, not what the work is for; a confirmation stands on it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from morphogenetic_engine.errors import FailureReason, WorkloadError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.run import workers
from morphogenetic_engine.sweeps.run.workload_check import rejection

_STARTS_IN_VAIN = 3
"""Workers that may die in a row before one is ready."""

Heard = workers.Reported | workers.Replicated | workers.Ended
"""What is heard of a piece of work."""


class Work(Protocol):
    """A piece of work that a worker is running."""

    @property
    def begun(self) -> float:
        """When, by the monotonic clock."""


_WorkT = TypeVar("_WorkT", bound=Work)


class Crew(Generic[_WorkT]):
    """The workers of one session; as many as there is work for, up to `parallel`."""

    def __init__(
        self, pool: workers.WorkerPool, config: SweepConfig, *, where: str, log: str, parallel: int = 1
    ) -> None:
        self.running: dict[workers.Worker, _WorkT] = {}
        self._pool = pool
        self._config = config
        self._where = where
        self._log = log
        self._parallel = parallel
        self._limit = config.execution.timeout_per_trial
        self._in_vain = 0

    def hire(self, waiting: int) -> None:
        """Start workers until there is one for each piece of work that could run now."""
        wanted = min(self._parallel, waiting + len(self.running))
        taken = {worker.number for worker in self._pool.workers}
        for number in range(self._parallel):
            if len(self._pool.workers) < wanted and number not in taken:
                self._pool.start(number)

    def idle(self) -> Iterator[workers.Worker]:
        """The workers that wait for work."""
        return (worker for worker in self._pool.workers if worker.ready and worker not in self.running)

    def give(self, worker: workers.Worker, work: _WorkT, task: workers.TrialTask) -> None:
        """Give a worker something to run."""
        self.running[worker] = work
        worker.run(task)

    def listen(self, until: float | None = None) -> Iterator[tuple[workers.Worker, _WorkT, Heard]]:
        """Wait for messages, at most until a time of the monotonic clock; end work that takes longer than allowed.

        Work that has ended, in whatever way, is not running any more when its end is heard.

        Raises:
            ConfigError: the workload does not take the sweep's parameters.
            WorkloadError: it cannot be loaded, or ends its process at import.
        """
        for worker, message in self._pool.poll(self._deadline(until)):
            yield from self._heard(worker, message)
        yield from self._late()

    def dismiss(self) -> Iterator[tuple[workers.Worker, _WorkT, Heard]]:
        """Kill all workers and pass on what they still had to say; work that did not end stays in `running`."""
        for worker, message in self._pool.kill_all():
            if not isinstance(message, workers.Rejected):
                yield from self._heard(worker, message)

    def _heard(
        self, worker: workers.Worker, message: workers.Message
    ) -> Iterator[tuple[workers.Worker, _WorkT, Heard]]:
        match message:
            case workers.Ready():
                worker.ready = True
                self._in_vain = 0
            case workers.Rejected():
                raise rejection(message, self._config, self._where)
            case workers.Died(status):
                yield from self._bury(worker, status)
            case workers.Ended():
                yield worker, self.running.pop(worker), message
            case _:
                yield worker, self.running[worker], message

    def _bury(self, worker: workers.Worker, status: int) -> Iterator[tuple[workers.Worker, _WorkT, Heard]]:
        work = self.running.pop(worker, None)
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        if work is not None:
            hint = "; out of memory?" if status == -9 else ""
            yield worker, work, workers.failed(FailureReason.KILLED, f"the worker process died ({how}{hint})")
        elif not worker.ready:
            self._in_vain += 1
            if self._in_vain >= _STARTS_IN_VAIN:
                raise WorkloadError(f"{self._where}: workers die before they are ready ({how}); see {self._log}")

    def _late(self) -> Iterator[tuple[workers.Worker, _WorkT, Heard]]:
        """End what has run longer than allowed."""
        if self._limit is None:
            return
        now = time.monotonic()
        for worker, work in list(self.running.items()):
            if now - work.begun >= self._limit:
                for message in self._pool.kill(worker):
                    yield from self._heard(worker, message)
                if self.running.pop(worker, None):
                    yield worker, work, workers.failed(FailureReason.TIMEOUT, f"ran longer than {self._limit:g} s")

    def _deadline(self, until: float | None) -> float | None:
        """Return the time of the monotonic clock by which something has to be done, if any."""
        times = [] if until is None else [until]
        if self._limit is not None:
            times += (work.begun + self._limit for work in self.running.values())
        return min(times, default=None)
