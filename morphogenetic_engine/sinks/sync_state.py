"""The sync state of a destination: a file in the sweep's folder, and the lock that lets one process send at a time.

The file is written after sending and may lag behind or be deleted: missing entries are looked up again.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from pydantic import BaseModel, ConfigDict, ValidationError

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.folder import write_whole
from morphogenetic_engine.sweeps.record.journal_file.lock import this_process

FORMAT = 1
_FLOCK = "hhqqi4x"
"""`struct flock`: type, whence, start, length, process."""


class Progress(BaseModel):
    """The progress of one destination."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: int = 0
    """The byte of the journal up to which everything was sent."""
    settled: int = 0
    """The journal's length when the sweep was last sent completely."""
    problem: str = ""
    """The reason if the last attempt to send failed, otherwise ""."""


class Versioned(BaseModel):
    """The content of a versioned file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT


Content = TypeVar("Content", bound=Versioned)


def read_versioned(path: Path, kind: type[Content]) -> Content | None:
    """Returns a file's content; None if it does not exist.

    Raises:
        SweepError: it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        content = kind.model_validate_json(text)
    except ValidationError as error:
        raise SweepError(f"{path}: is damaged or of a newer version; delete it, and all is looked up again") from error
    if content.format > FORMAT:
        raise SweepError(f"{path}: is of format {content.format}, but this version reads up to {FORMAT}")
    return content


class StoredProgress(Progress, Versioned):
    """The content of the state file of a sink that stores only its progress."""


def read_progress_file(path: Path) -> Progress:
    """Returns the progress in a sink's state file; an empty one if there is no file.

    Raises:
        SweepError: it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    return read_versioned(path, StoredProgress) or StoredProgress()


def write_progress_file(path: Path, progress: Progress) -> None:
    """Replaces a sink's state file.

    Raises:
        StoreError: it cannot be written; the old one stays.
    """
    write_whole(path, StoredProgress(**progress.model_dump(exclude={"format"})).model_dump_json().encode())


@contextmanager
def only_sender(lock_file: Path) -> Iterator[None]:
    """Locks out other senders of this sweep; the system releases the lock when the process ends for any reason.

    Raises:
        SweepError: another process is publishing the sweep.
        StoreError: the lock cannot be opened.
    """
    with ExitStack() as stack:
        try:
            lock = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            stack.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _lock_sink(lock_file, stack)
            except BlockingIOError as error:
                owner = os.pread(lock, 200, 0).decode(errors="replace").strip()
                raise SweepError(f"{lock_file.parent}: is being published by {owner or 'another process'}") from error
            os.ftruncate(lock, 0)
            os.pwrite(lock, this_process().encode(), 0)
        except OSError as error:
            raise StoreError(f"{lock_file}: cannot be opened: {error.strerror}") from error
        yield


def _lock_sink(lock_file: Path, stack: ExitStack) -> None:
    """Locks a byte of `config.yaml` for this sink: that file stays while the sweep does, a lock file may be deleted.

    Raises:
        BlockingIOError: another process has it.
    """
    operation = getattr(fcntl, "F_OFD_SETLK", None)
    try:
        file = os.open(lock_file.with_name("config.yaml"), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return  # a folder of another make: the lock file alone has to do
    stack.callback(os.close, file)
    if operation is not None:  # Linux
        byte = crc32(lock_file.name.encode())
        fcntl.fcntl(file, operation, struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0))
