"""The part of an object store that belongs to one sweep.

<storage>/<sweep>/contents/<sha256>           contents of files, each once
<storage>/<sweep>/project/<sha256>.json       the files that the workload needs, one for each session that changed them
<storage>/<sweep>/trials/<n>/<attempt>.json   the folder of a trial when it was last saved
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from morphogenetic_engine.backends.dask.files.files_order import FilesOrder
from morphogenetic_engine.backends.dask.files.folder_reading import sha256_of
from morphogenetic_engine.backends.dask.files.folder_state import FileState, FolderState, folder_state
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import Store, open_store

_AT_ONCE = 8
_CHECK, _CHECK_CONTENT = "check", b"morphogenetic\n"
_LARGE_BYTES = 8 * 1024 * 1024
"""Contents from this size on are looked for before they are sent."""


class SweepStore:
    """Puts and gets the folders of one sweep."""

    def __init__(self, store: Store, sweep: str) -> None:
        """`sweep` is the sweep's folder in the store."""
        self._store = store
        self._sweep = sweep
        self._there: set[str] = set()
        """Hashes of contents that the store is known to have."""

    @property
    def address(self) -> str:
        """The address of the sweep's folder."""
        return self._store.address_of(self._sweep)

    def check(self) -> None:
        """Writes a small file, and reads it again.

        Raises:
            StoreError: the store cannot be reached, refuses, or returns something else.
        """
        self._store.put_bytes(_CHECK_CONTENT, f"{self._sweep}/{_CHECK}")
        self.read_check()

    def read_check(self) -> None:
        """Reads the file that `check` has written.

        Raises:
            StoreError: the store cannot be reached, refuses, or returns something else.
        """
        name = f"{self._sweep}/{_CHECK}"
        if self._store.read_bytes(name) != _CHECK_CONTENT:
            raise StoreError(f"{self._store.address_of(name)}: has another content than was just written")

    def put_contents(self, contents: Mapping[str, Path]) -> None:
        """Stores contents by their hashes; those that are there are not sent again.

        Raises:
            StoreError: the store cannot be reached or refuses.
        """
        missing = {digest: path for digest, path in contents.items() if digest not in self._there}
        if not missing:
            return
        with ThreadPoolExecutor(min(_AT_ONCE, len(missing))) as threads:
            list(threads.map(self._put_content, missing.items()))

    def put_state(self, name: str, state: FolderState) -> None:
        """Stores the state of a folder, whose contents are stored already.

        Raises:
            StoreError: the store cannot be reached or refuses.
        """
        self._store.put_bytes(state.to_json(), f"{self._sweep}/{name}.json")

    def put_project(self, state: FolderState) -> str:
        """Stores the state of the project's folder and returns its name, which follows from its content."""
        text = state.to_json()
        name = f"project/{hashlib.sha256(text).hexdigest()}"
        if not self._store.exists(f"{self._sweep}/{name}.json"):
            self.put_state(name, state)
        return name

    def state(self, name: str) -> FolderState | None:
        """Returns a state; None: it was never stored.

        Raises:
            StoreError: the store cannot be reached or refuses, or the state is damaged.
        """
        file = f"{self._sweep}/{name}.json"
        if not self._store.exists(file):
            return None
        found = folder_state(self._store.read_bytes(file), self._store.address_of(file))
        self.note(found)
        return found

    def note(self, state: FolderState) -> None:
        """Takes a state of whose contents another machine says that they are stored."""
        self._there.update(each.sha256 for each in state.files.values() if each.content is None)

    def fetch(self, file: FileState, target: Path) -> None:
        """Writes a stored content to a path.

        Raises:
            StoreError: it cannot be had, or is damaged.
        """
        name = self._content(file.sha256)
        self._store.get_file(name, target)
        if sha256_of(target) != file.sha256:
            raise StoreError(f"{self._store.address_of(name)}: is damaged: its content has another sha256")

    def _put_content(self, content: tuple[str, Path]) -> None:
        digest, path = content
        name = self._content(digest)
        if path.stat().st_size < _LARGE_BYTES or not self._store.exists(name):
            self._store.put_file(path, name, content_type="application/octet-stream")
        self._there.add(digest)

    def _content(self, digest: str) -> str:
        return f"{self._sweep}/contents/{digest}"


def open_sweep_store(order: FilesOrder, *, patience: float | None = None) -> SweepStore:
    """Opens a sweep's part of the store; nothing is sent yet.

    Raises:
        StoreError: the address is none, credentials are missing, or obstore is not installed.
    """
    return SweepStore(open_store(order.storage, patience=order.patience if patience is None else patience), order.sweep)
