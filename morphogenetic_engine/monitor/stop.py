"""Stops a sweep that runs on this machine: signals the process that holds its journal lock, and no other.

A process that collects a sweep from another system holds a journal too, but does not run the sweep: it is not stopped.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal_file.lock import Owner, owner
from morphogenetic_engine.sweeps.record.origin import Origin

_SETTLING_SECONDS = 0.01
"""A process that has just taken the lock writes its owner entry within this time; until then the entry is stale."""

_LOOK_SECONDS = 0.1


def why_not(origin: Origin | None, found: Owner | None) -> str:
    """Returns why no process on this machine can stop the sweep; "" when one can."""
    if origin is not None:
        return f"the sweep runs on {origin.system}: stop it with {origin.stop_command}"
    if found is None:
        return "no process runs this sweep"
    if found.host != socket.gethostname():
        return f"the sweep runs on {found.host}: stop it there"
    return ""


def stop(folder: SweepFolder) -> Owner:
    """Asks the process that runs a sweep to end it: running trials are recorded as interrupted, and can be resumed.

    Raises:
        SweepError: no process on this machine runs the sweep, or `sweep.json` is damaged.
        StoreError: the process belongs to another user, or `sweep.json` cannot be read.
    """
    found = owner(folder.journal)
    reason = why_not(folder.read_info().origin, found)
    if found is None or reason:
        raise SweepError(reason)
    try:
        with _handle(found.pid) as terminate:
            # The handle refers to the process that has this id now. If the lock's owner entry is unchanged afterwards,
            # that process holds the lock: an id is not reused while its process lives.
            time.sleep(_SETTLING_SECONDS)
            if owner(folder.journal) != found:
                raise SweepError("the process that ran the sweep has just changed: try again")
            terminate()
    except ProcessLookupError as error:
        raise SweepError("the process that ran the sweep has just ended") from error
    except PermissionError as error:
        raise StoreError(f"process {found.pid} belongs to another user") from error
    return found


def wait_for_end(folder: SweepFolder, found: Owner) -> None:
    """Waits until a process no longer runs a sweep, however long it takes to end what it started."""
    while owner(folder.journal) == found:
        time.sleep(_LOOK_SECONDS)


@contextmanager
def _handle(pid: int) -> Iterator[Callable[[], None]]:
    """Returns a function that sends SIGTERM to the process that has this id now."""
    if not hasattr(os, "pidfd_open"):  # not on Linux
        yield lambda: os.kill(pid, signal.SIGTERM)
        return
    descriptor = os.pidfd_open(pid)
    try:
        yield lambda: signal.pidfd_send_signal(descriptor, signal.SIGTERM)
    finally:
        os.close(descriptor)
