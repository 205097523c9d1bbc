"""The connection to a Dask scheduler: submits hosts, sends them commands, and receives their messages in order."""

from __future__ import annotations

import os
import pickle
import select
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from distributed import Client, Future, KilledWorker, Scheduler
from distributed.core import Status
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.scheduler import WorkerState

from morphogenetic_engine.backends.dask.host_messages import Command, Gone, HostMessage, HostOrder
from morphogenetic_engine.backends.dask.worker_host import COMMANDS, MESSAGES, deliver, host_worker
from morphogenetic_engine.errors import ClusterError, error_line

_TICK_SECONDS = 0.2
_BUSY = ("executing", "long-running", "ready", "constrained")


@dataclass(frozen=True)
class Arrival:
    """A message of a host, or the end of its task."""

    key: str
    life: str
    """The start of the host that sent it: a scheduler may start a lost host once more."""
    message: HostMessage


@dataclass(frozen=True)
class DaskWorkerState:
    """One worker of the scheduler."""

    name: str
    threads: int
    busy: int
    """The tasks that it runs, or that wait for it, at its last heartbeat; whoever submitted them."""


class DaskConnection:
    """One session's use of a Dask client. Its methods are for one thread; Dask's event loop runs in another."""

    def __init__(self, client: Client, wakeup: int | None, scheduler: Scheduler | None = None) -> None:
        """`wakeup` is a descriptor that ends the wait of `receive` when it can be read.

        `scheduler` is the scheduler if it runs in the client's event loop: commands and messages then take the way of
        its own ones.
        """
        self._scheduler = scheduler
        self.topic = f"morphogenetic-{uuid.uuid4().hex}"
        self._client = client
        self._address = client.scheduler_info(n_workers=0)["address"]
        self._wakeup = wakeup
        self._arrived: deque[Arrival] = deque()
        self._read_end, self._write_end = os.pipe()
        for descriptor in (self._read_end, self._write_end):
            os.set_blocking(descriptor, False)
        self._futures: dict[str, Future[None]] = {}
        self._outgoing: defaultdict[str, deque[Command]] = defaultdict(deque)
        self._sending: set[str] = set()
        self._has_changed = False
        self._is_closed = False
        self._closing = threading.Lock()
        if scheduler is None:
            client.subscribe_topic(self.topic, self._take)
        else:
            scheduler.stream_handlers[MESSAGES] = self._take_direct
            scheduler.add_plugin(_Registrations(self._note_change))

    @property
    def is_direct(self) -> bool:
        """True if the scheduler is the session's own."""
        return self._scheduler is not None

    def submit(self, order: HostOrder, address: str) -> None:
        """Has a host started on a Dask worker, and on no other one; it is started once."""
        future = self._client.submit(host_worker, order, key=order.key, pure=False, retries=0, workers=[address])
        self._futures[order.key] = future
        future.add_done_callback(lambda done: self._arrive(Arrival(order.key, "", _end_of(done))))

    def cancel(self, key: str) -> None:
        """Withdraws a host; one that runs notices it and kills its worker."""
        future = self._futures.pop(key, None)
        if future is not None and self.is_open:
            if future.done():
                future.release()
            else:
                future.cancel(reason="no longer needed")

    def send(self, key: str, address: str, command: Command) -> None:
        """Sends a command to a host; commands to one host arrive in their order."""
        loop = self._client.loop
        assert loop is not None, "the client is connected"
        if self._scheduler is not None:
            loop.add_callback(self._stream, key, address, command)
            return
        self._outgoing[key].append(command)
        loop.add_callback(self._flush, key, address)

    def receive(self, until: float | None) -> list[Arrival]:
        """Waits for messages, a fraction of a second at most, and returns those that have arrived.

        Raises:
            ClusterError: the scheduler is gone, or a host cannot be started at all.
        """
        wait = _TICK_SECONDS if until is None else min(_TICK_SECONDS, max(0.0, until - time.monotonic()))
        if self._arrived:
            wait = 0.0
        watched = [self._read_end] if self._wakeup is None else [self._read_end, self._wakeup]
        for ready in select.select(watched, [], [], wait)[0]:
            os.read(ready, 1 << 16)
        if not self.is_open:
            raise ClusterError(f"the Dask scheduler at {self._address} is gone; resume the sweep when it runs again")
        arrivals = []
        while self._arrived:
            arrivals.append(self._arrived.popleft())
        return arrivals

    @property
    def is_open(self) -> bool:
        """True while the scheduler can be reached."""
        return self._client.status == "running"

    @property
    def has_changed(self) -> bool:
        """True if Dask workers have come since `connected` was called; known of a session's own scheduler alone."""
        return self._has_changed

    def connected(self) -> dict[str, DaskWorkerState] | None:
        """Returns the Dask workers that the scheduler has, by address; None: it cannot be reached."""
        if not self.is_open:
            return None
        self._has_changed = False
        if self._scheduler is not None:
            return {address: _state_of_own(worker) for address, worker in list(self._scheduler.workers.items())}
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        return {str(address): _state_of(worker) for address, worker in found.items()}

    def wake(self) -> None:
        """Ends the wait of `receive`; may be called in any thread."""
        with self._closing, suppress(BlockingIOError):  # full: the reader is awake
            if not self._is_closed:
                os.write(self._write_end, b"!")

    def close(self) -> None:
        """Withdraws what is left, and releases the descriptors."""
        for key in list(self._futures):
            self.cancel(key)
        if self.is_open and self._scheduler is None:
            self._client.unsubscribe_topic(self.topic)
        self._client.close()
        with self._closing:  # the event loop of a session's own scheduler goes on: the numbers may soon be other files
            self._is_closed = True
            os.close(self._read_end)
            os.close(self._write_end)

    def _take(self, event: tuple[float, tuple[str, str, bytes]]) -> None:
        """Takes an event of a host; called in the event loop."""
        _, (key, life, message) = event
        self._arrive(Arrival(key, life, pickle.loads(message)))

    def _note_change(self) -> None:
        """Wakes the reader because a Dask worker has come; called in the event loop."""
        self._has_changed = True
        self.wake()

    def _take_direct(self, worker: str, event: tuple[str, str, bytes]) -> None:
        """Takes a message of a host on a Dask worker from the stream to the scheduler."""
        del worker
        self._take((0.0, event))

    def _arrive(self, arrival: Arrival) -> None:
        self._arrived.append(arrival)
        self.wake()

    def _stream(self, key: str, address: str, command: Command) -> None:
        """Sends a command by the stream that a scheduler has to each of its workers."""
        assert self._scheduler is not None
        if address in self._scheduler.stream_comms:
            message = {"op": COMMANDS, "key": key, "commands": pickle.dumps([command])}
            self._scheduler.worker_send(address, message)

    async def _flush(self, key: str, address: str) -> None:
        """Sends the commands that wait for a host; what cannot be sent is for a host that is lost."""
        if key in self._sending:
            return
        self._sending.add(key)
        waiting = self._outgoing[key]
        try:
            while waiting:
                commands = list(waiting)
                waiting.clear()
                with suppress(OSError):
                    await self._client.run(deliver, key, commands, workers=[address], on_error="ignore")
        finally:
            self._sending.discard(key)


class _Registrations(SchedulerPlugin):
    """Calls back when a Dask worker has reached the scheduler."""

    name = "morphogenetic-registrations"

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:
        """Takes a new worker."""
        del scheduler, worker
        self._callback()


def _state_of_own(worker: WorkerState) -> DaskWorkerState:
    """Returns the state of a worker of the session's own scheduler; one that has just come may be given a task."""
    takes_tasks = worker.status in (Status.init, Status.running)
    return DaskWorkerState(str(worker.name), worker.nthreads if takes_tasks else 0, len(worker.processing))


def _state_of(worker: Mapping[str, Any]) -> DaskWorkerState:
    """Returns the state of a worker from what the scheduler says of it; one that is about to end takes no task."""
    counts: Mapping[str, int] = worker["metrics"].get("task_counts", {})
    busy = sum(counts.get(state, 0) for state in _BUSY)
    threads = int(worker["nthreads"]) if worker["status"] == "running" else 0
    return DaskWorkerState(str(worker["name"]), threads, busy)


def _end_of(future: Future[None]) -> Gone:
    """Returns how the task of a host ended."""
    if future.status == "finished":
        return Gone("")
    if future.status != "error":
        return Gone(f"its task was {future.status}")
    error = future.exception()
    if error is None or isinstance(error, KilledWorker):
        return Gone("its Dask worker has ended")
    return Gone(error_line(error), failed=True)
