"""`tracking.json`: what was sent to which server, and the lock that lets one process send at a time.

It is written after the fact and may lag behind, or be deleted: what it does not know is found on the server again.
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
    """What one experiment of one server has of the sweep."""

    uri: str
    """Without credentials."""
    experiment: str
    run_id: str = ""
    """The sweep's run; "" before there is one."""
    runs: Mapping[int, str] = Field(default_factory=dict)
    """The runs of the trials that have not ended there."""
    artifacts: Mapping[str, str] = Field(default_factory=dict)
    """What was uploaded: name and digest."""


class SyncState(Versioned):
    """The content of `tracking.json`."""

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
    state = SyncState(servers=(*others, sent))
    write_whole(path, orjson.dumps(state.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def only_publisher(folder: SweepFolder) -> AbstractContextManager[None]:
    """Keep other publishers of this sweep out; the system ends the lock when the process ends, however it ends.

    Raises:
        SweepError: another process is publishing the sweep.
        StoreError: the lock cannot be opened.
    """
    return only_sender(folder.path / LOCK)


def _read(path: Path) -> SyncState:
    return read_versioned(path, SyncState) or SyncState()
