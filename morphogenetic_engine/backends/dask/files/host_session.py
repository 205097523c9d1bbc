"""The files of a session on one Dask worker: one copy of the project, and a folder for each host that runs there."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Worker as DaskWorker

from morphogenetic_engine.backends.dask.files.files_order import FilesOrder, RemovableCopy
from morphogenetic_engine.backends.dask.files.folder_reading import FolderReader
from morphogenetic_engine.backends.dask.files.folder_writing import write_folder
from morphogenetic_engine.backends.dask.files.host_folders import HostFolders
from morphogenetic_engine.backends.dask.files.sweep_store import SweepStore, open_sweep_store
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.local_file import one_line

_EXTENSION = "morphogenetic-files:"
_PREFIX = "morphogenetic-"
_LOCK = "lock"
_NEW_SECONDS = 60.0


@dataclass
class _SessionCopy(RemovableCopy):
    """What hosts of one session share on a Dask worker."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    _is_here: bool = False
    _locked: int | None = None

    @property
    def project(self) -> Path:
        """The copy of the project."""
        return self.folder / "project"

    def hold(self, scratch: Path) -> None:
        """Locks the folder while this process lives, and removes those of processes that were killed.

        Raises:
            StoreError: the folder cannot be made.
        """
        with self.lock, one_line(self.folder, "written"):
            if self._locked is not None:
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            self._locked = _lock(self.folder)
            for left in scratch.glob(f"{_PREFIX}*"):
                if _is_old(left) and (found := _lock(left)) is not None:
                    shutil.rmtree(left, ignore_errors=True)
                    os.close(found)

    def fetch(self, order: FilesOrder, store: SweepStore) -> None:
        """Fetches the project for the first host.

        Raises:
            StoreError: the store cannot be reached or refuses, or the folder cannot be written.
        """
        with self.lock:
            if self._is_here:
                return
            state = store.state(order.project)
            if state is None:
                raise StoreError(f"{store.address}/{order.project}.json: is not there")
            write_folder(state, FolderReader(self.project), store.fetch)
            self._is_here = True


@contextmanager
def host_folders(dask_worker: DaskWorker, session: str, key: str, order: FilesOrder) -> Iterator[HostFolders]:
    """Yields the folders of a host; the copy of the project stays for later hosts of its session.

    Raises:
        StoreError: the store cannot be reached or refuses, or a folder cannot be written.
    """
    scratch = Path(dask_worker.local_directory).parent  # Dask removes its own folder before the trials' are saved
    own = _SessionCopy(scratch / f"{_PREFIX}{uuid.uuid4().hex}")
    copy: _SessionCopy = dask_worker.extensions.setdefault(_EXTENSION + session, own)
    copy.hosts.add(key)
    _remove_unused(dask_worker, copy)
    copy.hold(scratch)
    store = open_sweep_store(order)
    folders = HostFolders(order, store, copy.folder / key, copy.project)
    try:
        copy.fetch(order, store)
        yield folders
    finally:
        folders.close()
        copy.hosts.discard(key)


def _remove_unused(dask_worker: DaskWorker, mine: _SessionCopy) -> None:
    """Removes what sessions that have ended left on a Dask worker that goes on."""
    for name, copy in list(dask_worker.extensions.items()):
        if isinstance(copy, _SessionCopy) and copy is not mine and not copy.hosts:
            del dask_worker.extensions[name]
            copy.remove()


def _is_old(folder: Path) -> bool:
    """Returns False for a folder that may just have been made, and is not locked yet."""
    try:
        return time.time() - folder.stat().st_mtime > _NEW_SECONDS
    except OSError:
        return False


def _lock(folder: Path) -> int | None:
    """Locks a folder until this process ends or closes the descriptor; None: another process has locked it."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None  # of another user, or just removed
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
