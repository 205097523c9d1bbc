"""The coordinator's side of the worker processes: start, feed, hear, kill, replace.

Each worker leads a session and process group of its own, so that Ctrl-C in the terminal reaches the coordinator alone,
and killing a worker takes along whatever its workload started.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import orjson

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.trial import Params

_TICK_SECONDS = 0.2
_LEAVE_SECONDS = 3.0


@dataclass(frozen=True)
class WorkerSetup:
    """What every worker is told first."""

    workload: str | None
    command: Sequence[str] | None
    metrics: Sequence[str]
    """Metrics that the sweep needs."""
    probe: Sequence[Params]
    """Parameters that the workload must accept."""
    working_directory: Path
    environment: Mapping[str, str]
    log: Path
    """Where output goes that belongs to no trial."""


@dataclass(frozen=True)
class TrialTask:
    """What a worker is told of a trial."""

    number: int
    seed: int
    params: Params
    dir: Path
    objectives: Sequence[str]
    """Metrics that the workload must return."""
    decides: bool = False
    """Whether a pruner decides at each report (with replicates: after each replicate)."""
    replicates: Sequence[Mapping[str, int]] = ()
    """`replicate` and `seed` of each run that is left to do; none: one run with the trial's own seed."""


@dataclass(frozen=True)
class Ready:
    """The workload is loaded."""


@dataclass(frozen=True)
class Rejected:
    """The workload cannot be loaded, or does not take the sweep."""

    error: str
    message: str


@dataclass(frozen=True)
class Reported:
    """The metrics of one step."""

    step: int
    metrics: Mapping[str, float]
    replicate: int | None = None


@dataclass(frozen=True)
class Replicated:
    """One replicate of a trial is complete."""

    replicate: int
    seed: int
    metrics: Mapping[str, float]
    duration: float


@dataclass(frozen=True)
class Ended:
    """How an attempt at a trial ended."""

    state: TrialState
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: FailureReason | None = None
    message: str = ""


@dataclass(frozen=True)
class Died:
    """The process is gone; `status` as subprocess gives it (negative: the signal)."""

    status: int


def failed(reason: FailureReason, message: str) -> Ended:
    """Return the end of an attempt that the coordinator noticed rather than the worker."""
    return Ended(TrialState.FAILED, reason=reason, message=message)


Message = Ready | Rejected | Reported | Replicated | Ended | Died


class Worker:
    """One worker process."""

    def __init__(self, number: int, setup: WorkerSetup) -> None:
        self.number = number
        self.ready = False
        self._unread = b""
        self.channel, write_end = os.pipe()
        os.set_blocking(self.channel, False)
        command = [sys.executable, "-m", "morphogenetic_engine.sweeps.run.worker_process", str(write_end)]
        with setup.log.open("ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with  # outlives this call
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(write_end,),
                cwd=setup.working_directory,
                env={**os.environ, **setup.environment},
                start_new_session=True,
            )
        os.close(write_end)
        self.exit_fd = os.pidfd_open(self.process.pid) if hasattr(os, "pidfd_open") else None
        self.send(
            {
                "workload": setup.workload,
                "command": setup.command,
                "metrics": setup.metrics,
                "probe": [dict(params) for params in setup.probe],
            }
        )

    def run(self, task: TrialTask) -> None:
        """Give the worker a trial."""
        self.send({**vars(task), "params": dict(task.params), "dir": str(task.dir.absolute())})

    def decide(self, *, prune: bool) -> None:
        """Answer a worker that waits whether its trial goes on."""
        self.send({"prune": prune})

    def send(self, command: Mapping[str, object]) -> None:
        """Write one command; a worker that just died is noticed as such, not here."""
        assert self.process.stdin is not None
        if self.process.stdin.closed:
            return  # it is gone already, and this answers its last words
        try:
            self.process.stdin.write(orjson.dumps(command, option=orjson.OPT_APPEND_NEWLINE))
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def receive(self) -> list[Message]:
        """Return what the worker has sent since the last call."""
        chunks = [self._unread]
        while chunk := self._read():
            chunks.append(chunk)
        *lines, self._unread = b"".join(chunks).split(b"\n")
        return [_message(line) for line in lines]

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Free what the coordinator holds of a process that has ended."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # a command that a dead worker never read
            self.process.stdin.close()
        os.close(self.channel)
        if self.exit_fd is not None:
            os.close(self.exit_fd)

    def _read(self) -> bytes:
        try:
            return os.read(self.channel, 1 << 16)
        except BlockingIOError:
            return b""


class WorkerPool:
    """The workers of a sweep and their guardian; use it as a context manager: nothing outlives it."""

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self.workers: list[Worker] = []
        self._selector = selectors.DefaultSelector()
        self._wakeup: int | None = None
        self._guardian = subprocess.Popen(  # pylint: disable=consider-using-with  # outlives this call
            [sys.executable, "-m", "morphogenetic_engine.sweeps.run.process_reaper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self, number: int) -> Worker:
        """Start one more worker."""
        worker = Worker(number, self._setup)
        self._tell_guardian("+", worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)
        if worker.exit_fd is not None:
            self._selector.register(worker.exit_fd, selectors.EVENT_READ, worker)
        self.workers.append(worker)
        return worker

    def wake_on(self, descriptor: int) -> None:
        """Let `poll` return when this descriptor can be read; it is drained."""
        self._wakeup = descriptor
        self._selector.register(descriptor, selectors.EVENT_READ, None)

    def poll(self, until: float | None) -> list[tuple[Worker, Message]]:
        """Wait for messages, at most until a time of the monotonic clock; a death is the last message of a worker."""
        wait = _TICK_SECONDS if until is None else min(_TICK_SECONDS, max(0.0, until - time.monotonic()))
        heard: list[tuple[Worker, Message]] = []
        woken = {key.data for key, _ in self._selector.select(wait)}
        if None in woken and self._wakeup is not None:
            os.read(self._wakeup, 4096)
        for worker in list(self.workers):
            status = worker.process.poll()  # asked first: whatever it sent is then in the pipe
            if worker in woken or status is not None:
                heard += ((worker, message) for message in worker.receive())
            if status is not None:
                heard.append((worker, Died(status)))
                self._forget(worker)
        return heard

    def kill(self, worker: Worker) -> list[Message]:
        """Kill a worker and return what it still had to say."""
        worker.kill()
        last = worker.receive()
        self._forget(worker)
        return last

    def kill_all(self) -> list[tuple[Worker, Message]]:
        """Kill every worker and return what they still had to say."""
        return [(worker, message) for worker in list(self.workers) for message in self.kill(worker)]

    def close(self) -> None:
        """Let the workers leave, kill those that do not, and end the guardian."""
        for worker in self.workers:
            assert worker.process.stdin is not None
            try:
                worker.process.stdin.close()
            except BrokenPipeError:
                continue
        deadline = time.monotonic() + _LEAVE_SECONDS
        for worker in list(self.workers):
            with suppress(subprocess.TimeoutExpired):  # killed below, like whatever the others left running
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            self.kill(worker)
        assert self._guardian.stdin is not None
        self._guardian.stdin.close()
        self._guardian.wait()
        self._selector.close()

    def _forget(self, worker: Worker) -> None:
        self._selector.unregister(worker.channel)
        if worker.exit_fd is not None:
            self._selector.unregister(worker.exit_fd)
        worker.kill()  # its group may hold programs that the workload started
        worker.close()
        self.workers.remove(worker)
        self._tell_guardian("-", worker)

    def _tell_guardian(self, sign: str, worker: Worker) -> None:
        assert self._guardian.stdin is not None
        with suppress(BrokenPipeError):  # somebody killed the guardian; the workers still end with their standard input
            self._guardian.stdin.write(f"{sign}{worker.process.pid}\n".encode())
            self._guardian.stdin.flush()


def _message(line: bytes) -> Message:
    message = orjson.loads(line)
    match message.pop("kind"):
        case "ready":
            return Ready()
        case "rejected":
            return Rejected(**message)
        case "reported":
            return Reported(**message)
        case "replicated":
            return Replicated(**message)
        case _:
            reason = message.get("reason")
            message["reason"] = FailureReason(reason) if reason else None
            return Ended(**{**message, "state": TrialState(message["state"])})
