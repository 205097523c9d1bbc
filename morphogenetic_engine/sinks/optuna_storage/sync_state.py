"""`storage.json`: the progress of the Optuna storage, for the sweep's warning; the storage is the source of truth."""

from __future__ import annotations

from contextlib import AbstractContextManager

import orjson

from morphogenetic_engine.sinks.sync_state import Progress, Versioned, only_sender, read_versioned
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.schema.credentials import without_credentials

FILES = "storage"
FILE, LOCK = f"{FILES}.json", f"{FILES}.lock"


class StorageProgress(Progress, Versioned):
    """The content of `storage.json`."""

    storage: str = ""
    """Without credentials."""
    created: str = ""
    """The creation time of the sweep: a folder may be reused for another one."""


def read_progress(folder: SweepFolder, info: SweepInfo, address: str) -> StorageProgress:
    """Returns the progress of a storage.

    Raises:
        SweepError: `storage.json` is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    nothing = StorageProgress(storage=without_credentials(address), created=info.created)
    known = read_versioned(folder.path / FILE, StorageProgress)
    return known if known and (known.storage, known.created) == (nothing.storage, nothing.created) else nothing


def write_progress(folder: SweepFolder, progress: StorageProgress) -> None:
    """Writes the progress of the storage.

    Raises:
        StoreError: `storage.json` cannot be written; the old one stays.
    """
    write_whole(folder.path / FILE, orjson.dumps(progress.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


def only_mirror(folder: SweepFolder) -> AbstractContextManager[None]:
    """Locks out other writers of this sweep's study; the system releases the lock when this process ends.

    Raises:
        SweepError: another process is writing it.
        StoreError: the lock cannot be opened.
    """
    return only_sender(folder.path / LOCK)
