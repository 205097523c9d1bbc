"""What a worker's host is told about the files of a sweep; only light imports, for a quick start."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from morphogenetic_engine.backends.dask.files.folder_state import FolderState
from morphogenetic_engine.sweeps.run.messages import TaskKey

Folders = Mapping[TaskKey, FolderState]
"""Folders of attempts."""


@dataclass(frozen=True)
class FilesOrder:
    """How a host gets the files of a sweep; a part of its order."""

    storage: str
    """The address of the store."""
    sweep: str
    """The sweep's folder in the store."""
    project: str
    """The name of the state of the project."""
    root: Path
    """The sweep's folder on the coordinator's machine."""
    seconds: float
    """The time after which the folders of trials that run are saved."""
    patience: float
    """The time for which a request is tried again while the store gives no answer."""


@dataclass
class RemovableCopy:
    """What a session has on the machine of a Dask worker."""

    folder: Path
    hosts: set[str] = field(default_factory=set)
    """The hosts that run."""

    def remove(self) -> None:
        """Deletes it."""
        shutil.rmtree(self.folder, ignore_errors=True)
