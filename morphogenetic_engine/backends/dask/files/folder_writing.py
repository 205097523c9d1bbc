"""Makes a folder of this machine equal to a state."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from morphogenetic_engine.backends.dask.files.folder_reading import FolderReader
from morphogenetic_engine.backends.dask.files.folder_state import FileState, FolderState, stays_inside
from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.local_file import one_line, written_whole

Fetch = Callable[[FileState, Path], None]
"""Writes the content of a file that is stored under its hash to a path."""


def write_folder(state: FolderState, reader: FolderReader, fetch: Fetch, *, gone: Iterable[str] = ()) -> None:
    """Writes the files of a state that the reader's folder lacks, and removes those named in `gone`.

    Each file is replaced as a whole. A write that was cut short is made good by the next one.

    Raises:
        StoreError: a file cannot be written, or its content cannot be had.
    """
    folder = reader.folder
    here = reader.read()[0].files if folder.is_dir() else {}
    with one_line(folder, "written"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in gone:
            if name not in state.names:
                _remove(folder / name)
        for name, file in state.files.items():
            found = here.get(name)
            if found is None or (found.sha256, found.mode) != (file.sha256, file.mode) or (folder / name).is_symlink():
                _write(file, folder / name, fetch)
        for name in state.folders:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, target in state.links.items():
            _link(folder, name, target)
    reader.note(state)


def _write(file: FileState, target: Path, fetch: Fetch) -> None:
    if target.is_symlink() or target.is_dir():
        _remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as part:
        if file.content is None:
            fetch(file, part)
        else:
            part.write_bytes(file.content)
        part.chmod(file.mode)


def _link(folder: Path, name: str, target: str) -> None:
    if not stays_inside(name, target):
        raise StoreError(f"{folder / name}: is a link that leads out of its folder: {target}")
    link = folder / name
    if link.is_symlink() and os.readlink(link) == target:
        return
    _remove(link)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
