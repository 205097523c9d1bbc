"""The workers of a sweep on other machines, as the coordinator sees them: started, given tasks, heard, ended."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from morphogenetic_engine.backends.dask.dask_connection import Arrival, DaskConnection, DaskWorkerState
from morphogenetic_engine.backends.dask.dask_slots import DaskSlots
from morphogenetic_engine.backends.dask.files.return_queue import ReturnQueue
from morphogenetic_engine.backends.dask.files.session_files import SessionFiles
from morphogenetic_engine.backends.dask.host_messages import (
    Command,
    Gone,
    Heard,
    HostOrder,
    Kill,
    Killed,
    Leave,
    Logged,
    Place,
    Placed,
    Refused,
)
from morphogenetic_engine.backends.dask.remote_worker import HostSetup, RemoteWorker
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.run.workers.wire import Died, WorkerMessage

_LEAVE_SECONDS = 3.0
_KILL_SECONDS = 10.0
_SAVE_SECONDS = 60.0
_SOON_SECONDS = 30.0
_BEGIN_SECONDS = 15.0
"""The time after which a host that has not begun is given to another Dask worker, if one is free."""


_Heard = list[tuple[RemoteWorker, WorkerMessage]]


class RemotePool:
    """The workers of a session; the same surface as the pool of local workers."""

    def __init__(
        self,
        connection: DaskConnection,
        setup: HostSetup,
        ending: Callable[[Place], str],
        files: SessionFiles | None = None,
    ) -> None:
        """`ending` returns what the cluster knows of the end of a place, or "".

        `files`: None where all machines share the sweep's folder.
        """
        self.workers: list[RemoteWorker] = []
        self._connection = connection
        self._setup = setup
        self._ending = ending
        self._leaving: dict[RemoteWorker, float] = {}
        self._early: _Heard = []
        self._missing: set[RemoteWorker] = set()
        self._slots = DaskSlots()
        self._files = files
        self._returns = ReturnQueue[RemoteWorker](connection.wake)

    @property
    def staying(self) -> list[RemoteWorker]:
        """The workers that were not retired."""
        return [worker for worker in self.workers if worker not in self._leaving]

    def has_waited(self) -> bool:
        """Returns False if a worker was asked for a short time ago and is not there yet."""
        now = time.time()
        return not any(each.place is None and now - each.asked < _SOON_SECONDS for each in self.workers)

    def start(self, number: int) -> RemoteWorker:
        """Asks for one more worker."""
        worker = RemoteWorker(number, self._connection, self._files)
        self.workers.append(worker)
        self._place_waiting()
        return worker

    def poll(self, until: float | None) -> _Heard:
        """Waits for messages, at most until a time of the monotonic clock; a death is the last message of a worker.

        Raises:
            ClusterError: the scheduler is gone, or a machine cannot run the sweep's workers.
        """
        heard, self._early = self._early, []
        self._kill_overdue()
        for arrival in self._connection.receive(time.monotonic() if heard else until):
            heard += self._read(arrival)
        return heard + self._returns.ready()

    def update(self, connected: Mapping[str, DaskWorkerState]) -> None:
        """Takes which Dask workers there are: workers that wait are placed; `poll` returns the deaths of lost ones.

        A worker is lost if its Dask worker was not there twice in a row: what it sent last arrives between the two.
        """
        missing = {each for each in self.workers if each.address and each.address not in connected}
        for worker in missing & self._missing:
            if worker.place is None:
                self._withdraw(worker)
            else:
                self._early += self._lost(worker, "its Dask worker has ended")
        self._missing = missing
        self._slots.update(connected)
        self._move_late()
        self._place_waiting()

    def _place_waiting(self) -> None:
        """Gives the workers that wait to Dask workers that are free."""
        for worker in [each for each in self.workers if not each.address]:
            address = self._slots.free(self._used())
            if address is None:
                return
            self._place(worker, address)

    def _place(self, worker: RemoteWorker, address: str) -> None:
        worker.key = f"morphogenetic-worker-{worker.number}-{uuid.uuid4().hex}"
        worker.address, worker.given = address, time.monotonic()
        self._slots.taken(address)
        setup = self._setup
        worker.host_pass = None if setup.passes is None else setup.passes.give()
        order = HostOrder(
            key=worker.key,
            topic=self._connection.topic,
            is_direct=self._connection.is_direct,
            number=worker.number,
            version=setup.version,
            host_pass=worker.host_pass,
            setup=setup.worker,
            files=None if self._files is None else self._files.order,
        )
        self._connection.submit(order, address)

    def _withdraw(self, worker: RemoteWorker) -> None:
        """Takes a worker back that has not begun: it waits once more."""
        self._cancel(worker)
        worker.key = worker.address = ""

    def _cancel(self, worker: RemoteWorker) -> None:
        """Has the host of a worker end, if it has not."""
        self._connection.cancel(worker.key)
        if worker.host_pass is not None and self._setup.passes is not None:
            self._setup.passes.withdraw(worker.host_pass)

    def _move_late(self) -> None:
        """Takes workers back that have not begun in time, if others are free: somebody else was faster."""
        now = time.monotonic()
        for worker in self.workers:
            is_late = worker.address and worker.place is None and now - worker.given > _BEGIN_SECONDS
            if is_late and self._slots.free(self._used()) is not None:
                self._withdraw(worker)

    def _used(self) -> Counter[str]:
        return Counter(worker.address for worker in self.workers)

    def retire(self, worker: RemoteWorker) -> None:
        """Gives a worker no further task; it has a few seconds to end by itself."""
        if worker not in self.workers:
            return  # it has ended already
        if worker.place is None:
            self._forget(worker)
            return
        worker.send(Leave())
        self._leaving[worker] = time.monotonic() + _LEAVE_SECONDS

    def kill(self, worker: RemoteWorker) -> list[WorkerMessage]:
        """Kills a worker and returns the messages that were on their way."""
        last = [message for _, message in self._end([worker], Kill(), self._kill_seconds)]
        if self._files is not None:
            self._files.bring_saved(worker.running)  # it gave no answer in time
        return last

    def kill_all(self) -> _Heard:
        """Kills every worker and returns the messages that were on their way."""
        return self._end(list(self.workers), Kill(), self._kill_seconds)

    def close(self) -> None:
        """Asks the workers to end, and kills those that do not."""
        for worker in [each for each in self.workers if each.place is None]:
            self._forget(worker)
        self._end(list(self.workers), Leave(), _LEAVE_SECONDS)
        self.kill_all()
        if self._setup.passes is not None:
            self._setup.passes.close()
        self._returns.close()

    def _end(self, workers: Sequence[RemoteWorker], command: Command, seconds: float) -> _Heard:
        """Sends a last command to workers, and returns what they send until they have ended."""
        for worker in workers:
            if worker.place is None:
                self._forget(worker)
            else:
                worker.send(command)
        deadline = time.monotonic() + seconds
        last, others = _split(self._early, workers)
        while self._connection.is_open and time.monotonic() < deadline and set(workers) & set(self.workers):
            try:
                arrivals = self._connection.receive(deadline)
            except ClusterError:
                break  # nothing can be heard any more; the hosts end by themselves
            for arrival in arrivals:
                mine, other = _split(self._read(arrival), workers)
                last += mine
                others += other
        self._early = others
        last += self._returns.flush(workers)
        if isinstance(command, Kill):
            for worker in workers:
                self._forget(worker)
        return [(worker, message) for worker, message in last if not isinstance(message, Died)]

    def _read(self, arrival: Arrival) -> _Heard:
        """Returns the messages of workers that an arrival holds; one of a host that is not ours any more has none."""
        worker = next((each for each in self.workers if each.key == arrival.key), None)
        if worker is None:
            return []
        if arrival.life and worker.life and arrival.life != worker.life:
            return self._lost(worker, "its Dask worker has ended")  # and the scheduler started the host once more
        match arrival.message:
            case Placed():
                worker.life, worker.place = arrival.life, arrival.message.place
            case Refused():
                raise ClusterError(f"execution.dask: worker on {arrival.message.place}: {arrival.message.why}")
            case Heard():
                if any(isinstance(message, Died) for message in arrival.message.messages):
                    self._forget(worker)
                return self._passed(worker, arrival.message)
            case Logged():
                if self._files is not None:
                    self._files.add_to_log(arrival.message.text)
            case Killed():
                self._forget(worker)
            case Gone():
                if arrival.message.failed:
                    raise ClusterError(f"execution.dask: a worker cannot be started: {arrival.message.why}")
                return self._lost(worker, arrival.message.why or "its host has ended")
        return []

    def _passed(self, worker: RemoteWorker, heard: Heard) -> _Heard:
        """Returns the messages of a worker, or has them wait until the folders of what has ended are here."""
        if self._files is None:
            return [(worker, message) for message in heard.messages]
        ended = [(worker.running.pop(key), state) for key, state in heard.folders.items() if key in worker.running]
        self._returns.put(worker, heard.messages, partial(self._files.bring, ended) if ended else None)
        return []

    def _lost(self, worker: RemoteWorker, why: str) -> _Heard:
        self._forget(worker)
        ending = "" if worker.place is None else self._ending(worker.place)
        where = "" if worker.place is None else f" ({worker.place}{f': {ending}' if ending else ''})"
        death = Died(-9, lost=f"{why}{where}")
        if self._files is None:
            return self._gone(worker, death)
        self._returns.put(worker, [death], partial(self._files.bring_saved, dict(worker.running)))
        worker.running.clear()
        return []

    def _gone(self, worker: RemoteWorker, death: Died) -> _Heard:
        """Returns the death of a worker that was lost, or has it wait until no process of it can still train."""
        passes, host_pass = self._setup.passes, worker.host_pass
        if passes is None or host_pass is None or not host_pass.presence.exists():
            return [(worker, death)]
        self._returns.put(worker, [death], partial(passes.wait_until_gone, host_pass))
        return []

    @property
    def _kill_seconds(self) -> float:
        """The time in which a host that is to kill its worker must have done it, and saved its trials' folders."""
        return _KILL_SECONDS if self._files is None else _SAVE_SECONDS

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        overdue = [worker for worker, deadline in self._leaving.items() if now >= deadline]
        if overdue:
            self._early += self._end(overdue, Kill(), self._kill_seconds)

    def _forget(self, worker: RemoteWorker) -> None:
        self._cancel(worker)
        if worker in self.workers:
            self.workers.remove(worker)
        self._leaving.pop(worker, None)
        self._place_waiting()


def _split(
    heard: Iterable[tuple[RemoteWorker, WorkerMessage]], workers: Sequence[RemoteWorker]
) -> tuple[_Heard, _Heard]:
    """Returns the messages of some workers, and those of the others."""
    mine: _Heard = []
    others: _Heard = []
    for worker, message in heard:
        (mine if worker in workers else others).append((worker, message))
    return mine, others
