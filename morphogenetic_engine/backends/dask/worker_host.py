"""Hosts one worker process on the machine of a Dask worker: a Dask task that lives as long as the worker process.

Commands arrive in an inbox that the event loop of the Dask worker fills; messages leave in its stream to the scheduler:
straight to the session if that is its own, otherwise as events of the session's topic. A host whose task is no longer
wanted kills its worker within a fraction of a second: the coordinator or the scheduler is gone, or it was cancelled.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, assert_never

from distributed import Worker as DaskWorker
from distributed import get_worker
from distributed.core import Status

from morphogenetic_engine import __version__
from morphogenetic_engine.backends.dask.gathered_reports import GatheredReports
from morphogenetic_engine.backends.dask.host_lifetime import HostLifetime
from morphogenetic_engine.backends.dask.host_messages import (
    Assign,
    Command,
    Decide,
    Heard,
    HostMessage,
    HostOrder,
    Kill,
    Killed,
    Leave,
    Logged,
    Place,
    Placed,
    Refused,
)
from morphogenetic_engine.backends.dask.host_process import ENDING, INBOX, TAKEN_AWAY
from morphogenetic_engine.backends.kubernetes.worker_manifests import POD_NAME_VARIABLE
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.run.workers.pool import WorkerPool
from morphogenetic_engine.sweeps.run.workers.wire import Died, Leaving, Rejected, WorkerMessage
from morphogenetic_engine.sweeps.run.workers.worker import Worker, WorkerSetup

if TYPE_CHECKING:
    from morphogenetic_engine.backends.dask.files.host_folders import HostFolders

COMMANDS = "morphogenetic-commands"
"""The name of our messages in the stream from a scheduler to its workers."""
MESSAGES = "morphogenetic-messages"
"""The name of our messages in the stream from a worker to the scheduler of a session."""
_SERVING = {Status.running, Status.paused}
_WANTED = {"executing", "long-running"}
_SIGNALS_APART_SECONDS = 1.0
"""The longest time between the signals to a worker and to its host, where both are told to end: a job is cancelled."""


class Inbox:
    """Commands for one host; put by the event loop, taken by the thread of the task."""

    def __init__(self) -> None:
        self.descriptor, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        self._commands: deque[Command] = deque()
        self._closing = threading.Lock()
        self._is_closed = False

    def put(self, commands: Sequence[Command]) -> None:
        """Adds commands and wakes the host."""
        self._commands.extend(commands)
        with self._closing, suppress(BlockingIOError):  # full: it is awake
            if not self._is_closed:
                os.write(self._write_end, b"!")

    def take(self) -> list[Command]:
        """Returns the commands that have arrived, in their order."""
        taken = []
        while self._commands:
            taken.append(self._commands.popleft())
        return taken

    def close(self) -> None:
        """Releases the descriptors."""
        with self._closing:
            self._is_closed = True
            os.close(self.descriptor)
            os.close(self._write_end)


def deliver(key: str, commands: Sequence[Command], dask_worker: DaskWorker) -> None:
    """Puts commands into the inbox of a host; runs in the event loop of its Dask worker."""
    inbox = dask_worker.extensions.get(INBOX + key)
    if inbox is not None:
        inbox.put(commands)


def _take(dask_worker: DaskWorker, key: str, commands: bytes) -> None:
    """Puts commands that came in the scheduler's stream into the inbox of a host."""
    deliver(key, pickle.loads(commands), dask_worker)


def host_worker(order: HostOrder) -> None:
    """Runs a worker process until it ends, is ended, or is no longer wanted."""
    dask_worker = get_worker()
    host = _Host(dask_worker, order)
    why = refusal(order)
    if why:
        host.send(Refused(host.place, why))
        return
    inbox = Inbox()
    dask_worker.extensions[INBOX + order.key] = inbox
    dask_worker.stream_handlers[COMMANDS] = partial(_take, dask_worker)  # for good: a command may come late
    try:
        host.serve(pickle.loads(order.setup), inbox)
    except StoreError as error:
        host.send(Refused(host.place, str(error)))
    finally:
        del dask_worker.extensions[INBOX + order.key]
        inbox.close()
        if host.is_over:
            dask_worker.loop.add_callback(dask_worker.close, reason="the machine is about to be taken away")


class _Host:
    """One worker process and its channel to the coordinator."""

    def __init__(self, dask_worker: DaskWorker, order: HostOrder) -> None:
        self._dask_worker = dask_worker
        self._order = order
        self._life = uuid.uuid4().hex
        job = os.environ.get("SLURM_JOB_ID")
        host = os.environ.get(POD_NAME_VARIABLE) or socket.gethostname()
        self.place = Place(dask_worker.address, host, job)
        self._folders: HostFolders | None = None
        """The folders of the trials, where the sweep's folder is not shared."""
        self._reports = GatheredReports()
        end = dask_worker.extensions.get(TAKEN_AWAY)
        self._lifetime = HostLifetime(end)
        self.is_over = False
        """True once its time is over, or does not suffice for another trial."""

    def send(self, message: HostMessage) -> None:
        """Sends a message to the coordinator; messages of one host arrive in their order."""
        event = [self._order.key, self._life, pickle.dumps(message)]
        if self._order.is_direct:
            self._dask_worker.loop.add_callback(self._dask_worker.batched_send, {"op": MESSAGES, "event": event})
        else:
            self._dask_worker.log_event(self._order.topic, event)

    def serve(self, setup: WorkerSetup, inbox: Inbox) -> None:
        """Starts the worker and passes commands and messages on, until it has ended."""
        order, files = self._order, self._order.files
        if files is None:
            self._serve_here(setup, inbox)
            return
        self.send(Placed(self.place))  # before the project is fetched, which may take a while
        # pylint: disable-next=import-outside-toplevel  # most sweeps have no use for it
        from morphogenetic_engine.backends.dask.files.host_session import host_folders

        with host_folders(self._dask_worker, order.topic, order.key, files) as self._folders:
            self._serve(self._folders.localized(setup), inbox)

    def _serve_here(self, setup: WorkerSetup, inbox: Inbox) -> None:
        """Serves while the pass is valid; the pool's reaper looks after that, and says when the worker is gone."""
        own = self._order.host_pass
        assert own is not None, "a host that sees the sweep's folder has a pass"
        try:
            if not own.enter(str(self.place)):
                return
        except OSError as error:
            raise StoreError(f"{own.presence}: cannot be written: {error.strerror}") from error
        try:
            self._serve(replace(setup, host_pass=own), inbox)
        finally:
            own.leave()

    def _serve(self, setup: WorkerSetup, inbox: Inbox) -> None:
        with WorkerPool(setup, wakeup=inbox.descriptor) as pool:
            worker = pool.start(self._order.number)
            self.send(Placed(self.place))
            while worker in pool.workers:
                if not self._is_wanted():
                    self._leave_unsaid(pool)
                    return
                for command in inbox.take():
                    self._obey(command, pool, worker)
                heard = [message for _, message in pool.poll(self._reports.due)]
                if self._ends_with(heard):
                    self._send_heard(self._reports.gathered([each for each in heard if not isinstance(each, Died)]))
                    self._leave_unsaid(pool)
                    return
                if not self.is_over and self._lifetime.is_over_after(heard):
                    heard = [*self._leaving(), *heard]
                self._send_heard(self._reports.gathered(heard))
                if self._folders is not None and worker in pool.workers:
                    self._folders.save_due(worker.process.pid)

    def _leave_unsaid(self, pool: WorkerPool) -> None:
        """Ends the worker without a word: the coordinator is told that the host is lost, or wants it no more."""
        pool.kill_all()
        if self._folders is not None:
            self._folders.save_last()

    def _ends_with(self, heard: Sequence[WorkerMessage]) -> bool:
        """Returns whether the worker was told to end by the signal that ends this host as well, sooner or later."""
        if not any(isinstance(each, Died) and each.status == -signal.SIGTERM and not each.cause for each in heard):
            return False
        until = time.monotonic() + _SIGNALS_APART_SECONDS
        while self._is_wanted() and time.monotonic() < until:
            time.sleep(0.02)
        return not self._is_wanted()

    def _leaving(self) -> list[WorkerMessage]:
        """Has the scheduler give this Dask worker no further host, and returns the message that says so."""
        self.is_over = True
        self._dask_worker.loop.add_callback(setattr, self._dask_worker, "status", Status.paused)
        return [Leaving()]

    def _send_log(self, folders: HostFolders) -> None:
        if text := folders.new_log():
            self.send(Logged(text))

    def _send_heard(self, messages: Sequence[WorkerMessage]) -> None:
        """Sends messages of the worker; those about an end with the trial's folder, where it is not shared."""
        if self._folders is not None:
            if any(isinstance(message, Died | Rejected) for message in messages):
                self._send_log(self._folders)
            for ready, folders in self._folders.passed_on(messages):
                self.send(Heard(ready, folders))
        elif messages:
            self.send(Heard(messages))

    def _obey(self, command: Command, pool: WorkerPool, worker: Worker) -> None:
        if worker not in pool.workers:
            return
        match command:
            case Assign():
                self._reports.expect(command.tasks)
                self._lifetime.begin(command.tasks)
                tasks = command.tasks
                if self._folders is not None:
                    tasks = self._folders.begin(tasks, command.folders)
                worker.assign(tasks, fused=command.fused)
            case Decide():
                worker.decide(command.key, command.decision)
            case Leave():
                pool.retire(worker)
            case Kill():
                self._send_heard([*self._reports.held, *pool.kill(worker)])
                if self._folders is not None:
                    self._send_log(self._folders)
                    self.send(Heard(*self._folders.ended([])))
                self.send(Killed())
            case _:
                assert_never(command)

    def _is_wanted(self) -> bool:
        """Returns whether the scheduler is there and still has the task; asked from the thread of the task."""
        task = self._dask_worker.state.tasks.get(self._order.key)
        is_serving = self._dask_worker.status in _SERVING and ENDING not in self._dask_worker.extensions
        return is_serving and task is not None and task.state in _WANTED


def refusal(order: HostOrder) -> str:
    """Returns the reason why a worker cannot run here, or ""."""
    if order.version != __version__:
        return (
            f"has morphogenetic-engine {__version__}, but the sweep runs with {order.version};"
            " install the same version on both sides"
        )
    if order.host_pass is None:
        return ""
    file = order.host_pass.file
    try:
        found = file.read_text(encoding="ascii")
    except OSError as error:
        return f"does not see the sweep's folder {order.host_pass.sweep} ({error.strerror}); {_SHARE}"
    if found != file.name:
        return f"has another folder at {order.host_pass.sweep}; {_SHARE}"
    setup: WorkerSetup = pickle.loads(order.setup)
    if not setup.working_directory.is_dir():
        return f"does not see the directory {setup.working_directory} of the sweep file; {_SHARE}"
    return ""


_SHARE = (
    "put the sweep file and --results into a folder that this machine and the workers share, or set"
    " execution.dask.storage to a folder of an object store, through which the files then go"
)
