"""The journal: the append-only history of a sweep, one event a line; the only source of truth about it.

One process writes at a time; a lock says which. A line is handed to the operating system before anything acts on it, so
killing any process loses none; the disk is told to keep it within a tenth of a second, so a power cut loses no more
than that. A torn last line is cut off when the journal is opened for writing.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.events import Event, from_line, to_line

SYNC_SECONDS = 0.1
_OWNER = re.compile(r"process (?P<pid>[0-9]+) on (?P<host>.+)")


class Journal:
    """The journal of one sweep, open for appending; use it as a context manager.

    Raises:
        SweepError: another process has it open.
        StoreError: it cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._lock = _locked(path.with_suffix(".lock"))
            try:
                self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
                self._end = _cut_torn_line(self._file)
            except OSError:
                os.close(self._lock)
                raise
        except OSError as error:
            raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
        self._sync_error: OSError | None = None
        self._written = threading.Event()
        self._closing = threading.Event()
        self._syncer = threading.Thread(target=self._sync_while_open, name="journal sync", daemon=True)
        self._syncer.start()

    def append(self, event: Event) -> None:
        """Writes one event; once this returns, the event survives the death of the process.

        Raises:
            StoreError: the disk is full or gone. The journal then ends with the last whole line.
        """
        line = to_line(event)
        try:
            if self._sync_error is not None:
                raise self._sync_error
            _write_whole(self._file, line)
        except OSError as error:
            with suppress(OSError):  # a disk that is gone; the next writer cuts the torn line off
                os.ftruncate(self._file, self._end)
                os.lseek(self._file, self._end, os.SEEK_SET)
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._end += len(line)
        self._written.set()

    def close(self) -> None:
        """Syncs the last lines to disk and release the lock."""
        self._closing.set()
        self._written.set()
        self._syncer.join()
        try:
            os.fsync(self._file)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        finally:
            os.close(self._file)
            os.close(self._lock)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _sync_while_open(self) -> None:
        while not self._closing.is_set():
            self._written.wait()
            self._written.clear()
            try:
                os.fsync(self._file)
            except OSError as error:
                self._sync_error = error  # the next append raises it
            self._closing.wait(SYNC_SECONDS)


def read_events(path: Path) -> Iterator[Event]:
    """Reads a journal from its start; a torn last line, which was never acted on, is passed over.

    Raises:
        SweepError: a line is not an event, or of a newer format.
        StoreError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    try:
                        yield from_line(line)
                    except SweepError as error:
                        raise SweepError(f"{path}:{number}: {error}") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error


def is_locked(path: Path) -> bool:
    """Returns whether a process has this journal open for writing."""
    try:
        lock = os.open(path.with_suffix(".lock"), os.O_RDONLY)  # read permission suffices to test the lock
    except FileNotFoundError:
        return False
    try:
        return not _take(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


@dataclass(frozen=True)
class Owner:
    """The process that has a journal open for writing."""

    pid: int
    host: str


def owner(path: Path) -> Owner | None:
    """Returns the process that writes this journal; None if there is none, or it has not written its id yet."""
    if not is_locked(path):
        return None
    found = _OWNER.fullmatch(path.with_suffix(".lock").read_text(encoding="utf-8", errors="replace").strip())
    return Owner(int(found["pid"]), found["host"]) if found else None


def _locked(path: Path) -> int:
    """Returns the descriptor that holds the lock; the system frees it when the process ends, however it ends."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if not (_take(lock) or _take_soon(lock)):
        owner = os.pread(lock, 200, 0).decode(errors="replace").strip()
        os.close(lock)
        raise SweepError(f"{path.parent}: is being run by {owner or 'another process'}")
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
    return lock


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


def _cut_torn_line(file: int) -> int:
    """Cuts the file after its last newline, place the cursor there, and returns that length."""
    end = os.fstat(file).st_size
    start = end
    while start > 0:
        start = max(0, start - 65536)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            start += newline + 1
            break
    if start != end:
        os.ftruncate(file, start)
    return os.lseek(file, start, os.SEEK_SET)


def _write_whole(file: int, line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(file, view) :]
