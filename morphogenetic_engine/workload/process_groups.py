"""Ends and stops process groups and sessions: the processes that a program or a worker started and left behind.

On Linux the members are read from /proc; elsewhere a group is signalled as a whole and its session is not searched.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PROC = Path("/proc")
_POLL_SECONDS = 0.01
_ENDED, _STOPPED = frozenset({b"Z", b"X"}), frozenset({b"T", b"t"})
"""States of processes."""
_ROUNDS = 20
"""The number of times that a session is searched, because its processes may start others while they are killed."""
_STOP_ROUNDS = 1000


def end_group(group: int, grace: float, *, poll: Callable[[], object]) -> None:
    """Sends SIGTERM to the processes of a group, and SIGKILL to those that still run after some seconds.

    `poll` reaps an ended child, so that it no longer counts.
    """
    if not _signal_group(group, signal.SIGTERM):
        return
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline:
        poll()
        if not _is_alive(group):
            return
        time.sleep(_POLL_SECONDS)
    _signal_group(group, signal.SIGKILL)


def kill_session(leader: int) -> None:
    """Kills the group that a process leads and every other process of its session, at once."""
    _signal_group(leader, signal.SIGKILL)
    for _ in range(_ROUNDS):
        members = _members(session=leader)
        if not members:
            return
        _signal_each(members, signal.SIGKILL)


@contextmanager
def stopped_session(leader: int) -> Iterator[None]:
    """Stops the processes of a session meanwhile; where there is no /proc, those of the leader's group."""
    stopped: set[int] = set()
    try:
        _signal_group(leader, signal.SIGSTOP)
        for _ in range(_STOP_ROUNDS):  # a process may start another one before it stops
            running = _members(session=leader, without=_ENDED | _STOPPED)
            if not running:
                break
            stopped.update(running)
            _signal_each(running, signal.SIGSTOP)
            time.sleep(_POLL_SECONDS / 10)
        yield
    finally:
        _signal_group(leader, signal.SIGCONT)
        _signal_each(stopped, signal.SIGCONT)


def _signal_each(processes: Iterable[int], number: int) -> None:
    for each in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(each, number)


def _is_alive(group: int) -> bool:
    """Returns True if a group has running processes; zombies do not count."""
    if not _signal_group(group, 0):
        return False
    return not (_PROC / "self/stat").exists() or bool(_members(group=group))


def _signal_group(group: int, number: int) -> bool:
    """Sends a signal to a group and returns True; False: it has no processes."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # macOS raises this for zombies
    return True


def _members(*, group: int | None = None, session: int | None = None, without: frozenset[bytes] = _ENDED) -> list[int]:
    """Returns the processes of a group or a session that are in no state of `without`; none where there is no /proc."""
    found: list[int] = []
    for entry in _PROC.iterdir() if (_PROC / "self/stat").exists() else ():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # it has ended
        state, its_group, its_session = words[0], int(words[2]), int(words[3])
        if state not in without and (its_group == group or its_session == session):
            found.append(int(entry.name))
    return found
