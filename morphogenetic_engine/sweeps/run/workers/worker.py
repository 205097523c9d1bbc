"""One worker process as the coordinator sees it: started, given tasks, heard, ended.

Each worker leads a session and process group of its own, so that Ctrl-C in the terminal reaches the coordinator alone,
and killing a worker also kills what its workload started.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from morphogenetic_engine.sweeps.run.messages import TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.workers.wire import BadLine, WorkerMessage, read_message
from morphogenetic_engine.sweeps.search.pruners.thresholds import thresholds_json
from morphogenetic_engine.sweeps.strategy import Decision
from morphogenetic_engine.trial import Params
from morphogenetic_engine.workload.host_pass import HostPass
from morphogenetic_engine.workload.output_metrics import NONE_WANTED, WantedMetrics
from morphogenetic_engine.workload.process_groups import kill_session
from morphogenetic_engine.workload.workload_kinds import Workload

_LONGEST_LINE = 1 << 26
"""Bytes without a newline that are no message of ours."""


@dataclass(frozen=True)
class WorkerSetup:
    """The first message to every worker."""

    workload: Workload
    metrics: Sequence[str]
    """Metrics that the sweep needs."""
    probe: Sequence[Params]
    """Parameters that the workload must accept."""
    working_directory: Path
    environment: Mapping[str, str]
    log: Path
    """The file for output that belongs to no trial."""
    change: Sequence[str] = ()
    """Parameters that change from a trial to one that goes on from its files."""
    wanted: WantedMetrics = NONE_WANTED
    """Metrics that are looked for in the output of a program."""
    host_pass: HostPass | None = None
    """The pass of the host that starts the worker; None: the coordinator does."""


class Worker:
    """One worker process."""

    def __init__(self, number: int, setup: WorkerSetup) -> None:
        self.number = number
        self.is_ready = False
        self.most = 1
        """The number of trials that its workload trains at once."""
        self.fault = ""
        """The reason why its messages are no longer read: a line that breaks the protocol."""
        self.is_closed = False
        """True if the process has closed its end of the channel, or has ended."""
        self._unread = b""
        self.channel, write_end = os.pipe()
        os.set_blocking(self.channel, False)
        command = [sys.executable, "-P", "-m", "morphogenetic_engine.sweeps.run.workers.worker_process", str(write_end)]
        try:
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
        except OSError:
            os.close(self.channel)
            raise
        finally:
            os.close(write_end)
        self.exit_fd = _exit_descriptor(self.process.pid)
        probe = [dict(params) for params in setup.probe]
        self._send(
            {
                "workload": setup.workload.keys,
                "metrics": setup.metrics,
                "change": list(setup.change),
                "wanted": {"objectives": list(setup.wanted.objectives), "others": list(setup.wanted.others)},
                "probe": probe,
                "host_pass": None if setup.host_pass is None else str(setup.host_pass.file),
            }
        )

    def assign(self, tasks: Sequence[TrialTask], *, fused: bool = False) -> None:
        """Gives the worker tasks, which it runs one after another; `fused`: with those that it runs already."""
        self._send({"kind": "run", "tasks": [_members(task) for task in tasks], "fused": fused})

    def decide(self, key: TaskKey, decision: Decision) -> None:
        """Answers a report that waits for a decision."""
        self._send({"kind": "decide", "trial": key[0], "attempt": key[1], "decision": decision})

    def receive(self) -> list[WorkerMessage]:
        """Returns what the worker has sent since the last call, up to the first line that is no message."""
        if self.fault:
            return []
        chunks = [self._unread]
        while chunk := self._read():
            chunks.append(chunk)
        *lines, self._unread = b"".join(chunks).split(b"\n")
        messages: list[WorkerMessage] = []
        try:
            for line in lines:
                messages.append(read_message(line))
        except BadLine as error:
            self.fault = f"a line that it sent {error}"
        if len(self._unread) > _LONGEST_LINE:
            self.fault = f"a line that it sent is longer than {_LONGEST_LINE} bytes"
        return messages

    def leave(self) -> None:
        """Closes the worker's input: it ends after its last task."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # a command that a dead worker never read
            self.process.stdin.close()

    def wait(self, seconds: float) -> int | None:
        """Returns the exit status of a process that ends within some seconds; None: it goes on."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None

    def kill(self) -> None:
        """Ends the process and all that it started in its session, at once."""
        kill_session(self.process.pid)
        self.process.wait()

    def close(self) -> None:
        """Releases the coordinator's file descriptors of a process that has ended."""
        self.leave()
        os.close(self.channel)
        if self.exit_fd is not None:
            os.close(self.exit_fd)

    def _send(self, command: Mapping[str, object]) -> None:
        """Writes one command; the death of a worker is noticed when it is polled, not here."""
        assert self.process.stdin is not None
        if self.process.stdin.closed:
            return  # it has left already
        with suppress(BrokenPipeError):
            self.process.stdin.write(orjson.dumps(command, option=orjson.OPT_APPEND_NEWLINE))
            self.process.stdin.flush()

    def _read(self) -> bytes:
        try:
            chunk = os.read(self.channel, 1 << 16)
        except BlockingIOError:
            return b""
        if not chunk:
            self.is_closed = True
        return chunk


def _members(task: TrialTask) -> dict[str, object]:
    """Returns a task as the worker reads it."""
    sent = None if task.thresholds is None else thresholds_json(task.thresholds)
    reported = [list(each) for each in task.reported.items()]
    place = str(task.dir.absolute())
    return {**vars(task), "params": dict(task.params), "dir": place, "thresholds": sent, "reported": reported}


def _exit_descriptor(pid: int) -> int | None:
    """Returns a descriptor that can be read when a process ends; None where the system has none to give."""
    if not hasattr(os, "pidfd_open"):
        return None
    with suppress(OSError):  # the process is asked for its status now and then
        return os.pidfd_open(pid)
    return None
