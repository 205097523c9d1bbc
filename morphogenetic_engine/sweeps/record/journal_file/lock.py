"""The lock of a journal: who writes it. The lock is on the journal itself; `journal.lock` names its owner."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.errors import StoreError, SweepError

_OWNER = re.compile(r"process (?P<pid>[0-9]+) on (?P<host>.+)")
_NOTE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Owner:
    """The process that has a journal open for writing."""

    pid: int
    host: str


def is_locked(path: Path) -> bool:
    """Returns whether a process has this journal open for writing.

    Raises:
        StoreError: the journal cannot be opened.
    """
    try:
        return _is_held(path) or _is_held(path.with_suffix(".lock"))
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error


def owner(path: Path) -> Owner | None:
    """Returns the process that writes this journal; None if there is none, or it has not written its id yet."""
    if not is_locked(path):
        return None
    found = _OWNER.fullmatch(_noted_owner(path))
    return Owner(int(found["pid"]), found["host"]) if found else None


def take_lock(file: int, path: Path) -> None:
    """Takes the lock of an open journal; the system frees it when the process ends, however it ends.

    Raises:
        SweepError: another process has it.
    """
    if not (_take(file) or _take_soon(file)):
        raise SweepError(f"{path.parent}: is being run by {_noted_owner(path) or 'another process'}")


def note_owner(path: Path) -> int:
    """Writes this process into `journal.lock`, and locks it as well: earlier versions look at this lock alone.

    Returns its descriptor.

    Raises:
        SweepError: a process of an earlier version has it.
        OSError: it cannot be written.
    """
    note = os.open(path.with_suffix(".lock"), _NOTE_FLAGS, 0o644)
    try:
        take_lock(note, path)
        os.ftruncate(note, 0)
        os.pwrite(note, this_process().encode(), 0)
    except BaseException:
        os.close(note)
        raise
    return note


def this_process() -> str:
    """Returns this process in words, as locks name it."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def _noted_owner(path: Path) -> str:
    try:
        return path.with_suffix(".lock").read_text(encoding="utf-8", errors="replace")[:200].strip()
    except OSError:
        return ""  # deleted: the lock itself is on the journal


def _is_held(path: Path) -> bool:
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # read permission suffices to test the lock
    except FileNotFoundError:
        return False
    try:
        return not _take(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


def _take(lock: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_soon(lock: int) -> bool:
    """Retries for a tenth of a second: `is_locked` in another process holds the lock for microseconds."""
    for _ in range(10):
        time.sleep(0.01)
        if _take(lock):
            return True
    return False
