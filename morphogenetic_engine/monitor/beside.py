"""Starts and ends the monitor's process beside a running sweep."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.monitor.access import TOKEN_VARIABLE, Access
from morphogenetic_engine.sweeps.record.folder import SweepFolder

LOG = "monitor.log"
MISSING = "the monitor needs Starlette and uvicorn: pip install 'morphogenetic-engine[monitor]'"
_PATIENCE_SECONDS = 10.0
_LIBRARIES = ("starlette", "uvicorn", "websockets")


@dataclass(frozen=True)
class Serving:
    """The socket on which one command serves its sweeps, one after the other."""

    listener: socket.socket
    access: Access


def require_installed() -> None:
    """Raises ConfigError where a library is missing."""
    if any(find_spec(library) is None for library in _LIBRARIES):
        raise ConfigError(MISSING)


@contextmanager
def shown(folder: SweepFolder, serving: Serving, *, warn: Callable[[str], object]) -> Iterator[None]:
    """Serves a sweep while it runs, in a process of the lowest priority; calls `warn` if that process failed.

    On exit, the viewers receive the end of the sweep before the process ends. It never slows or fails the sweep.
    """
    try:
        process = _start(folder, serving)
    except OSError as error:
        warn(f"the monitor could not be started: {error}")
        yield
        return
    try:
        yield
    finally:
        status = _end(process)
        if status != 0:
            warn(f"the monitor ended with status {status}, see {folder.path / LOG}")


def _start(folder: SweepFolder, serving: Serving) -> subprocess.Popen[bytes]:
    descriptor = serving.listener.fileno()
    command = [sys.executable, "-P", "-m", str(__package__), str(folder.path.absolute()), f"--descriptor={descriptor}"]
    access = serving.access
    command += ["--guarded"] * access.guarded + [f"--allow-host={host}" for host in sorted(access.hosts)]
    with (folder.path / LOG).open("ab") as log:
        return subprocess.Popen(  # pylint: disable=consider-using-with  # ended by `shown`
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[descriptor],
            start_new_session=True,
            env={**os.environ, TOKEN_VARIABLE: access.token},
        )


def _end(process: subprocess.Popen[bytes]) -> int:
    """Waits until viewers have received the end of the sweep, for a limited time."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        return process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return 0  # a busy machine: viewers miss the last changes, which are in the journal
    finally:
        process.kill()
        process.wait()
