"""The worker processes of a session: started, polled, killed, and gone when the session is over."""

from __future__ import annotations

import errno
import os
import resource
import selectors
import time
from types import TracebackType

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.run.workers.reaper_client import ProcessReaper
from morphogenetic_engine.sweeps.run.workers.wire import Died, WorkerMessage
from morphogenetic_engine.sweeps.run.workers.worker import Worker, WorkerSetup

_TICK_SECONDS = 0.2
_LEAVE_SECONDS = 3.0
_EXIT_SECONDS = 1.0


class WorkerPool:
    """The workers of a session and their reaper; use it as a context manager: nothing outlives it."""

    def __init__(self, setup: WorkerSetup, wakeup: int | None = None) -> None:
        """`wakeup` is a descriptor that ends the wait of `poll` when it can be read."""
        self.workers: list[Worker] = []
        self._setup = setup
        self._wakeup = wakeup
        self._leaving: dict[Worker, float] = {}
        self._selector = selectors.DefaultSelector()
        if wakeup is not None:
            self._selector.register(wakeup, selectors.EVENT_READ, None)
        self._reaper = ProcessReaper(setup.host_pass)

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self, number: int) -> Worker:
        """Starts one more worker.

        Raises:
            StoreError: the system has no more files or processes, or the log cannot be written.
        """
        try:
            worker = Worker(number, self._setup)
        except OSError as error:
            raise StoreError(f"worker {number}: cannot be started: {_limited(error, len(self.workers))}") from error
        self._reaper.add(worker.process.pid)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)
        if worker.exit_fd is not None:
            self._selector.register(worker.exit_fd, selectors.EVENT_READ, worker)
        self.workers.append(worker)
        return worker

    def poll(self, until: float | None) -> list[tuple[Worker, WorkerMessage]]:
        """Waits for messages, at most until a time of the monotonic clock; a death is the last message of a worker."""
        wait = _TICK_SECONDS if until is None else min(_TICK_SECONDS, max(0.0, until - time.monotonic()))
        heard: list[tuple[Worker, WorkerMessage]] = []
        woken = {key.data for key, _ in self._selector.select(wait)}
        if None in woken and self._wakeup is not None:
            os.read(self._wakeup, 4096)
        self._reaper.revive()
        self._kill_overdue()
        for worker in list(self.workers):
            # asked first: whatever it sent is then in the pipe; its exit_fd, where there is one, wakes at its death
            status = worker.process.poll() if worker in woken or worker.exit_fd is None else None
            if worker in woken or status is not None:
                heard += ((worker, message) for message in worker.receive())
            if status is None and (worker.fault or worker.is_closed):
                status = _end_faulty(worker)
            if status is not None:
                heard.append((worker, Died(status, worker.fault)))
                self._forget(worker)
        return heard

    def retire(self, worker: Worker) -> None:
        """Gives a worker no further task; it has a few seconds to end by itself."""
        if worker not in self.workers:
            return  # it has ended already
        worker.leave()
        self._leaving[worker] = time.monotonic() + _LEAVE_SECONDS

    @property
    def staying(self) -> list[Worker]:
        """The workers that were not retired."""
        return [worker for worker in self.workers if worker not in self._leaving]

    def kill(self, worker: Worker) -> list[WorkerMessage]:
        """Kills a worker and returns the messages that were on their way."""
        worker.kill()
        last = worker.receive()
        self._forget(worker)
        return last

    def kill_all(self) -> list[tuple[Worker, WorkerMessage]]:
        """Kills every worker and returns the messages that were on their way."""
        return [(worker, message) for worker in list(self.workers) for message in self.kill(worker)]

    def close(self) -> None:
        """Asks the workers to end, kills those that do not, and ends the reaper."""
        for worker in self.workers:
            worker.leave()
        deadline = time.monotonic() + _LEAVE_SECONDS
        for worker in list(self.workers):
            worker.wait(max(0.0, deadline - time.monotonic()))
            self.kill(worker)  # if it has not ended, and whatever its group still runs
        self._reaper.close()
        self._selector.close()

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for worker, deadline in list(self._leaving.items()):
            if now >= deadline:
                self.kill(worker)

    def _forget(self, worker: Worker) -> None:
        self._selector.unregister(worker.channel)
        if worker.exit_fd is not None:
            self._selector.unregister(worker.exit_fd)
        worker.kill()  # its group may hold programs that the workload started
        worker.close()
        self.workers.remove(worker)
        self._leaving.pop(worker, None)
        self._reaper.remove(worker.process.pid)


def _limited(error: OSError, running: int) -> str:
    """Returns why no further worker can be started, with the limit that was reached."""
    match error.errno:
        case errno.EMFILE:
            what, limit = "open files (ulimit -n)", resource.RLIMIT_NOFILE
        case errno.EAGAIN:
            what, limit = "processes (ulimit -u)", resource.RLIMIT_NPROC
        case _:
            return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    allowed = resource.getrlimit(limit)[0]
    return f"the limit of {allowed} {what} allows {running} workers; raise it, or set execution.max_parallel: {running}"


def _end_faulty(worker: Worker) -> int:
    """Ends a worker whose messages cannot be read any more, and returns its exit status."""
    if worker.is_closed and not worker.fault:
        status = worker.wait(_EXIT_SECONDS)
        if status is not None:
            return status  # it was about to end by itself
        worker.fault = "it closed its channel to the coordinator"
    worker.kill()
    return worker.process.returncode
