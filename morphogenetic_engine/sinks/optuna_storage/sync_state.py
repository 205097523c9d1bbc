"""`storage.json`: how far the Optuna storage is, for the sweep's one warning; the storage itself is the truth of it."""

from __future__ import annotations

from contextlib import AbstractContextManager

import orjson

from morphogenetic_engine.sinks.sync_state import Progress, Versioned, only_sender, read_versioned
from morphogenetic_engine.sweeps.record.folder import SweepFolder, SweepInfo, write_whole
from morphogenetic_engine.sweeps.schema.credentials import without_credentials

FILES = "storage"
FILE, LOCK = f"{FILES}.json", f"{FILES}.lock"


class StorageProgress(Progress, Versioned):
    """The content of `storage.json`."""

    storage: str = ""
    """Without credentials."""
    created: str = ""
    """When the sweep was made: a folder may be used again for another one."""


def read_progress(folder: SweepFolder, info: SweepInfo, address: str) -> StorageProgress:
    """Return how far a storage is with a sweep.

    Raises:
        SweepError: `storage.json` is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    nothing = StorageProgress(storage=without_credentials(address), created=info.created)
    known = read_versioned(folder.path / FILE, StorageProgress)
    return known if known and (known.storage, known.created) == (nothing.storage, nothing.created) else nothing


def write_progress(folder: SweepFolder, progress: StorageProgress) -> None:
    """Remember how far the storage is.

    Raises:
        StoreError: `storage.json` cannot be written; the old one stays.
    """
    write_whole(folder.path / FILE, orjson.dumps(progress.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def only_mirror(folder: SweepFolder) -> AbstractContextManager[None]:
    """Keep other processes from writing this sweep's study, however this one ends.

    Raises:
        SweepError: another process is writing it.
        StoreError: the lock cannot be opened.
    """
    return only_sender(folder.path / LOCK)
