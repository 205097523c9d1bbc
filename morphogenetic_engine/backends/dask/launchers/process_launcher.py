"""Starts Dask workers as processes: on this machine, or on others by ssh."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType

from morphogenetic_engine.backends.dask.gpu_share import share_at
from morphogenetic_engine.backends.dask.host_messages import Place
from morphogenetic_engine.backends.dask.launchers.key_environment import key_lines, with_keys_from_input
from morphogenetic_engine.backends.dask.launchers.launcher import SchedulerAccess, Starts, log_tail
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.run.workers.reaper_client import ProcessReaper
from morphogenetic_engine.workload.process_groups import kill_session

_LEAVE_SECONDS = 5.0

Commands = Callable[[int, str], "StartCommand"]
"""Returns the command for the worker of a number and a name."""


@dataclass(frozen=True)
class StartCommand:
    """A command that starts a Dask worker."""

    words: Sequence[str]
    where: str
    """The machine, as messages name it."""
    input: bytes = b""
    """What it reads on its standard input."""


def local_commands(access: SchedulerAccess) -> Commands:
    """Returns commands for workers on this machine."""
    return lambda _number, name: StartCommand(access.worker_command(name), "this machine")


def ssh_commands(access: SchedulerAccess, hosts: Sequence[str], config: str | None) -> Commands:
    """Returns commands for workers on other machines, in turn."""
    options = ["-o", "BatchMode=yes", *([] if config is None else ["-F", config])]
    path = os.environ.get("PYTHONPATH")
    variables = [] if path is None else ["env", f"PYTHONPATH={path}"]

    def command(number: int, name: str) -> StartCommand:
        host, given = hosts[number % len(hosts)], b""
        share = share_at(hosts, number)
        more = [] if share is None else ["--gpu-share", share.option]
        if access.sees_folders:
            remote = shlex.join(["cd", str(access.directory)]) + " && exec "
            remote += shlex.join([*variables, *access.worker_command(name), *more])
        elif access.keys is None:
            remote = shlex.join(["exec", *variables, *access.worker_command(name), *more])
        else:
            remote = with_keys_from_input([*variables, *replace(access, keys=None).worker_command(name), *more])
            given = key_lines(access.keys)
        return StartCommand(["ssh", *options, "--", host, remote], host, given)

    return command


@dataclass(frozen=True)
class _Started:
    number: int
    name: str
    where: str
    process: subprocess.Popen[bytes]


class ProcessLauncher:
    """Keeps as many worker processes running as are wanted."""

    queued = ""

    def __init__(self, commands: Commands, access: SchedulerAccess) -> None:
        self._commands = commands
        self._access = access
        self._running: list[_Started] = []
        self._starts = Starts()
        self._count = 0
        self._reaper = ProcessReaper()

    def __enter__(self) -> ProcessLauncher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for each in self._running:
            each.process.terminate()
        for each in self._running:
            try:
                each.process.wait(_LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                kill_session(each.process.pid)
                each.process.wait()
        self._running.clear()
        self._reaper.close()

    def scale_to(self, wanted: int) -> None:
        """Starts workers until as many run as are wanted.

        Raises:
            ClusterError: workers end before they reach the scheduler.
        """
        self._reaper.revive()
        self._forget_ended()
        taken = {each.number for each in self._running}
        free = (number for number in range(wanted) if number not in taken)
        for number in free:
            if len(self._running) >= wanted:
                break
            self._start(number)

    def connected(self, names: Sequence[str]) -> None:
        """Takes the names of the Dask workers that the scheduler has."""
        self._starts.connected(names)

    def ending(self, place: Place) -> str:  # pylint: disable=no-self-use
        """Returns "": a process that has ended says nothing more."""
        del place
        return ""

    def _start(self, number: int) -> None:
        name = f"worker-{self._count}"
        self._count += 1
        command = self._commands(number, name)
        with (self._access.logs / f"{name}.log").open("wb") as log:
            try:
                process = subprocess.Popen(  # pylint: disable=consider-using-with  # outlives this call
                    command.words,
                    stdin=subprocess.PIPE if command.input else subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self._access.directory,
                    start_new_session=True,
                )
            except OSError as error:
                raise ClusterError(f"execution.dask: {command.words[0]}: {error.strerror}") from error
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin as given:  # one that has ended is noticed as such
                given.write(command.input)
        self._reaper.add(process.pid)
        self._running.append(_Started(number, name, command.where, process))

    def _forget_ended(self) -> None:
        for each in list(self._running):
            status = each.process.poll()
            if status is None:
                continue
            self._running.remove(each)
            self._reaper.remove(each.process.pid)
            if self._starts.ended(each.name):
                said = log_tail(self._access.logs / f"{each.name}.log")
                raise ClusterError(
                    f"execution.dask: workers on {each.where} end before they reach the scheduler"
                    f" (exit status {status}): {said or 'see'} ({self._access.logs / each.name}.log)"
                )
