"""`tracking.json`: what was sent to which server, and the lock that lets one process send at a time.

It is written after the fact and may lag behind, or be deleted: what it does not know is found on the server again.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.folder import SweepFolder, write_whole

FORMAT = 1
FILE = "tracking.json"
LOCK = "tracking.lock"


class Sent(BaseModel):
    """What one experiment of one server has of the sweep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uri: str
    """Without credentials."""
    experiment: str
    run_id: str = ""
    """The sweep's run; "" before there is one."""
    offset: int = 0
    """The byte of the journal up to which everything was sent."""
    runs: Mapping[int, str] = Field(default_factory=dict)
    """The runs of the trials that have not ended there."""
    artifacts: Mapping[str, str] = Field(default_factory=dict)
    """What was uploaded: name and digest."""
    settled: int = 0
    """The journal's length when the sweep was last sent with its files."""
    problem: str = ""
    """Why the last attempt to send failed; "" when it did not."""


class Memory(BaseModel):
    """The content of `tracking.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    servers: tuple[Sent, ...] = ()


def read_sent(folder: SweepFolder, uri: str, experiment: str) -> Sent:
    """Return what a server has of the sweep; `uri` is without credentials.

    Raises:
        SweepError: `tracking.json` is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    known = (sent for sent in _read(folder.path / FILE).servers if (sent.uri, sent.experiment) == (uri, experiment))
    return next(known, Sent(uri=uri, experiment=experiment))


def write_sent(folder: SweepFolder, sent: Sent) -> None:
    """Remember what a server has; the other servers stay as they are.

    Raises:
        StoreError: `tracking.json` cannot be written; the old one stays.
    """
    path = folder.path / FILE
    place = (sent.uri, sent.experiment)
    others = [each for each in _read(path).servers if (each.uri, each.experiment) != place]
    memory = Memory(servers=(*others, sent))
    write_whole(path, orjson.dumps(memory.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


@contextmanager
def only_publisher(folder: SweepFolder) -> Iterator[None]:
    """Keep other publishers of this sweep out; the system ends the lock when the process ends, however it ends.

    Raises:
        SweepError: another process is publishing the sweep.
        StoreError: the lock cannot be opened.
    """
    path = folder.path / LOCK
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(lock, 200, 0).decode(errors="replace").strip()
            raise SweepError(f"{folder.path}: is being published by {owner or 'another process'}") from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        os.close(lock)


def _read(path: Path) -> Memory:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Memory()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        memory = Memory.model_validate_json(content)
    except ValidationError as error:
        raise SweepError(f"{path}: is damaged or of a newer version; delete it, and all is looked up again") from error
    if memory.format > FORMAT:
        raise SweepError(f"{path}: is of format {memory.format}, but this version reads up to {FORMAT}")
    return memory
