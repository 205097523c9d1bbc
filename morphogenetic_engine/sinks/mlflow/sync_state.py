"""`tracking.json`: what was sent to which server, and the lock that lets one process send at a time.

It is written after sending and may lag behind or be deleted: missing entries are looked up on the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import orjson
from pydantic import Field

from morphogenetic_engine.sinks.sync_state import Progress, Versioned, only_sender, read_versioned
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole

FILES = "tracking"
FILE, LOCK = f"{FILES}.json", f"{FILES}.lock"


class Sent(Progress):
    """The sync state of one experiment on one server."""

    uri: str
    """Without credentials."""
    experiment: str
    run_id: str = ""
    """The sweep's run; "" before there is one."""
    runs: Mapping[int, str] = Field(default_factory=dict)
    """The run ids of the trials that have not ended on the server."""
    artifacts: Mapping[str, str] = Field(default_factory=dict)
    """The digests of the uploaded files by name."""


class SyncState(Versioned):
    """The content of `tracking.json`."""

    servers: tuple[Sent, ...] = ()


def read_sent(folder: SweepFolder, uri: str, experiment: str) -> Sent:
    """Returns the sync state of a server; `uri` is without credentials.

    Raises:
        SweepError: `tracking.json` is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    known = (sent for sent in _read(folder.path / FILE).servers if (sent.uri, sent.experiment) == (uri, experiment))
    return next(known, Sent(uri=uri, experiment=experiment))


def write_sent(folder: SweepFolder, sent: Sent) -> None:
    """Writes the sync state of a server; those of other servers stay unchanged.

    Raises:
        StoreError: `tracking.json` cannot be written; the old one stays.
    """
    path = folder.path / FILE
    place = (sent.uri, sent.experiment)
    others = [each for each in _read(path).servers if (each.uri, each.experiment) != place]
    state = SyncState(servers=(*others, sent))
    write_whole(path, orjson.dumps(state.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def only_publisher(folder: SweepFolder) -> AbstractContextManager[None]:
    """Locks out other publishers of this sweep; the system releases the lock when the process ends for any reason.

    Raises:
        SweepError: another process is publishing the sweep.
        StoreError: the lock cannot be opened.
    """
    return only_sender(folder.path / LOCK)


def _read(path: Path) -> SyncState:
    return read_versioned(path, SyncState) or SyncState()
