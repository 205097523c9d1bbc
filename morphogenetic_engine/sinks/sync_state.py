"""How far a sweep has been sent: what a destination's file in the sweep's folder says, and whose turn it is to send.

The file is written after the fact and may lag behind, or be deleted: what it does not know is looked up again.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.folder import write_whole

FORMAT = 1


class Progress(BaseModel):
    """How far one destination is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: int = 0
    """The byte of the journal up to which everything was sent."""
    settled: int = 0
    """The journal's length when the sweep was last sent to its end."""
    problem: str = ""
    """Why the last attempt to send failed; "" when it did not."""


class Versioned(BaseModel):
    """The content of a file that a newer version may write differently."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT


Content = TypeVar("Content", bound=Versioned)


def read_versioned(path: Path, kind: type[Content]) -> Content | None:
    """Return what a file holds; None: there is none.

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
    """The content of the state file of a sink that keeps nothing else."""


def read_progress_file(path: Path) -> Progress:
    """Return the progress that a sink's state file holds; none where there is no file.

    Raises:
        SweepError: it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    return read_versioned(path, StoredProgress) or StoredProgress()


def write_progress_file(path: Path, progress: Progress) -> None:
    """Replace a sink's state file.

    Raises:
        StoreError: it cannot be written; the old one stays.
    """
    write_whole(path, StoredProgress(**progress.model_dump(exclude={"format"})).model_dump_json().encode())


@contextmanager
def only_sender(lock_file: Path) -> Iterator[None]:
    """Keep other senders of this sweep out; the system ends the lock when the process ends, however it ends.

    Raises:
        SweepError: another process is publishing the sweep.
        StoreError: the lock cannot be opened.
    """
    try:
        lock = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(f"{lock_file}: cannot be opened: {error.strerror}") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(lock, 200, 0).decode(errors="replace").strip()
            raise SweepError(f"{lock_file.parent}: is being published by {owner or 'another process'}") from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        os.close(lock)
