"""The files of a session on one Dask worker: one copy of the project, and a folder for each host that runs there."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Worker as DaskWorker

from morphogenetic_engine.backends.dask.files.files_order import FilesOrder
from morphogenetic_engine.backends.dask.files.folder_reading import FolderReader
from morphogenetic_engine.backends.dask.files.folder_writing import write_folder
from morphogenetic_engine.backends.dask.files.host_folders import HostFolders
from morphogenetic_engine.backends.dask.files.sweep_store import SweepStore, open_sweep_store
from morphogenetic_engine.errors import StoreError

_EXTENSION = "morphogenetic-files:"


@dataclass
class _SessionCopy:
    """What hosts of one session share on a Dask worker."""

    folder: Path
    hosts: set[str] = field(default_factory=set)
    """Those that run."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    _is_here: bool = False

    @property
    def project(self) -> Path:
        """The copy of the project."""
        return self.folder / "project"

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
    place = Path(dask_worker.local_directory) / f"session-{session}"
    copy: _SessionCopy = dask_worker.extensions.setdefault(_EXTENSION + session, _SessionCopy(place))
    copy.hosts.add(key)
    _remove_unused(dask_worker, copy)
    store = open_sweep_store(order)
    folders = HostFolders(order, store, place / key, copy.project)
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
            shutil.rmtree(copy.folder, ignore_errors=True)
