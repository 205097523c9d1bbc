"""The files of a session whose workers see no shared folder, on the coordinator's side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.backends.dask.files.files_order import FilesOrder
from morphogenetic_engine.backends.dask.files.folder_reading import PROJECT_LIMITS, FolderReader
from morphogenetic_engine.backends.dask.files.folder_state import FolderState
from morphogenetic_engine.backends.dask.files.kept_id import kept_id
from morphogenetic_engine.backends.dask.files.project import Project, project_of
from morphogenetic_engine.backends.dask.files.sweep_store import SweepStore
from morphogenetic_engine.backends.dask.files.trial_folders import TrialFolders
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage import open_store
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.run.messages import TaskKey, TrialTask

SAVE_SECONDS = 10.0
"""The time after which the folders of trials that run are saved."""
PATIENCE_SECONDS = 60.0
"""The time for which a request is tried again while the store gives no answer."""
_START_SECONDS = 10.0
"""The same before anything has been started."""
_ID_FILE = "files-id"


@dataclass(frozen=True)
class SessionFiles:
    """The project's files and the trials' folders."""

    order: FilesOrder
    trials: TrialFolders
    log: Path
    """The file for output that belongs to no trial."""

    def bring(self, ended: Sequence[tuple[TrialTask, FolderState]]) -> None:
        """Brings back the folders of attempts that have ended.

        Raises:
            StoreError: the store cannot be reached, or a folder cannot be written.
        """
        for task, state in ended:
            self.trials.bring(task, state)

    def bring_saved(self, running: Mapping[TaskKey, TrialTask]) -> None:
        """Brings back the folders of attempts whose worker was lost, as they were last saved.

        Raises:
            StoreError: the store cannot be reached, or a folder cannot be written.
        """
        for task in running.values():
            self.trials.bring_saved(task)

    def add_to_log(self, text: str) -> None:
        """Adds what a worker wrote that belongs to no trial.

        Raises:
            StoreError: the file cannot be written.
        """
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise StoreError(f"{self.log}: cannot be written: {error.strerror}") from error


def session_files(config: SweepConfig, *, directory: Path, sweep: Path, logs: Path, log: Path) -> SessionFiles | None:
    """Stores the files that the workload needs; None: all machines share the sweep's folder.

    `directory` is the project's folder, `logs` the folder of the cluster in the sweep's folder `sweep`.

    Raises:
        ConfigError: the project is too large, or needs files outside of its folder.
        StoreError: the store cannot be reached or refuses, or a file cannot be read.
    """
    storage = config.execution.dask.storage
    if storage is None:
        return None
    project = project_of(config, directory, sweep.parent)
    place = f"{sweep.name}-{kept_id(logs / _ID_FILE)}"
    checked_store(storage, place, min(_START_SECONDS, PATIENCE_SECONDS))
    store = SweepStore(open_store(storage, patience=PATIENCE_SECONDS), place)
    name = store.put_project(_stored(project, store))
    order = FilesOrder(storage, place, name, sweep, SAVE_SECONDS, PATIENCE_SECONDS)
    return SessionFiles(order, TrialFolders(store, sweep), log)


def checked_store(storage: str, sweep: str, patience: float) -> None:
    """Writes and reads a small file in a sweep's part of the store.

    Raises:
        StoreError: the store cannot be reached or refuses.
    """
    try:
        SweepStore(open_store(storage, patience=patience), sweep).check()
    except StoreError as error:
        raise StoreError(f"execution.dask.storage: {error}") from error


def _stored(project: Project, store: SweepStore) -> FolderState:
    state, contents = FolderReader(project.folder, PROJECT_LIMITS, only=frozenset(project.names)).read()
    store.put_contents(contents)
    return state
