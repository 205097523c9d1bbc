"""The folders of trials on the coordinator's side: sent with their tasks, and brought back into the sweep's folder."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from morphogenetic_engine.backends.dask.files.folder_reading import FolderReader
from morphogenetic_engine.backends.dask.files.folder_state import NOTHING, FolderState
from morphogenetic_engine.backends.dask.files.folder_writing import write_folder
from morphogenetic_engine.backends.dask.files.sweep_store import SweepStore
from morphogenetic_engine.sweeps.run.messages import TaskKey, TrialTask

_REMEMBERED = 64


class TrialFolders:
    """Sends and brings back the folders of trials. What is here is never older than the last attempt that ended."""

    def __init__(self, store: SweepStore, sweep: Path) -> None:
        """`sweep` is the sweep's folder."""
        self._store = store
        self._sweep = sweep
        self._begun: dict[TaskKey, FolderState] = {}
        """The folders with which attempts that run have begun."""
        self._current: dict[Path, int] = {}
        """The last attempt that is known to have been brought back, by the trial's folder."""
        self._readers: OrderedDict[Path, FolderReader] = OrderedDict()
        self._lock = Lock()

    def name(self, task: TrialTask, attempt: int) -> str:
        """Returns the name under which an attempt's folder is stored."""
        return f"{folder_name(task.dir, self._sweep)}/{attempt}"

    def begin(self, task: TrialTask) -> FolderState:
        """Returns the folder with which an attempt begins, whose contents are stored.

        What an attempt before it saved, when its session was killed, is brought back first.

        Raises:
            StoreError: the store cannot be reached, or the folder cannot be read or written.
        """
        if task.attempt > 0 and self._current.get(task.dir) != task.attempt - 1:
            saved = self._store.state(self.name(task, task.attempt - 1))
            if saved is not None:
                write_folder(saved, self._reader(task.dir), self._store.fetch)
        state, contents = self._reader(task.dir).read() if _is_own(task.dir, self._sweep) else (NOTHING, {})
        self._store.put_contents(contents)
        self._begun[task.key] = state
        return state

    def bring(self, task: TrialTask, state: FolderState) -> None:
        """Brings a folder back as its attempt left it.

        Raises:
            StoreError: the store cannot be reached, or the folder cannot be written.
        """
        begun = self._begun.pop(task.key, NOTHING)
        self._store.note(state)
        if state != begun or not task.dir.is_dir():
            write_folder(state, self._reader(task.dir), self._store.fetch, gone=begun.names)
        self._current[task.dir] = task.attempt

    def bring_saved(self, task: TrialTask) -> None:
        """Brings a folder back as it was last saved, after its worker was lost.

        Raises:
            StoreError: the store cannot be reached, or the folder cannot be written.
        """
        saved = self._store.state(self.name(task, task.attempt))
        self.bring(task, self._begun.get(task.key, NOTHING) if saved is None else saved)

    def _reader(self, folder: Path) -> FolderReader:
        """Returns the reader of a folder; those of the last folders are remembered, with the hashes of their files."""
        with self._lock:
            reader = self._readers.pop(folder, None) or FolderReader(folder)
            self._readers[folder] = reader
            if len(self._readers) > _REMEMBERED:
                self._readers.popitem(last=False)
            return reader


def folder_name(folder: Path, sweep: Path) -> str:
    """Returns the name of a trial's folder in the store, and on a worker's machine."""
    if _is_own(folder, sweep) and folder.is_relative_to(sweep):
        return folder.relative_to(sweep).as_posix()
    return f"others/{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"


def _is_own(folder: Path, sweep: Path) -> bool:
    """Returns whether a folder holds a trial's files alone: one that runs by itself may share it with its records."""
    return not sweep.is_relative_to(folder)
