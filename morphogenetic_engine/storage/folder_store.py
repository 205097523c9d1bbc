"""A folder of this machine as a store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.address import checked_name, parse_address
from morphogenetic_engine.storage.local_file import is_part, one_line, written_whole
from morphogenetic_engine.storage.stored_file import LINK_SECONDS, StoredFile


class FolderStore:
    """A store in a folder, which is created with the first file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        return str(self._folder)

    @property
    def is_remote(self) -> bool:
        return False

    def address_of(self, name: str) -> str:
        return str(self._folder / checked_name(name))

    def put_file(self, source: Path, name: str, *, content_type: str | None = None) -> str:
        del content_type  # a file system stores no content types
        target = self._folder / checked_name(name)
        if source.exists() and target.exists() and source.samefile(target):
            return str(target)
        return _put(target, lambda part: shutil.copyfile(source, part))

    def put_bytes(self, content: bytes, name: str, *, content_type: str | None = None) -> str:
        del content_type
        return _put(self._folder / checked_name(name), lambda part: part.write_bytes(content))

    def get_file(self, name: str, target: Path) -> None:
        source = self._folder / checked_name(name)
        with written_whole(target) as part, one_line(source, "read"):
            shutil.copyfile(source, part)

    def read_bytes(self, name: str) -> bytes:
        path = self._folder / checked_name(name)
        with one_line(path, "read"):
            return path.read_bytes()

    def list(self, folder: str = "") -> list[StoredFile]:
        root = self._folder / checked_name(folder) if folder else self._folder
        with one_line(root, "read"):
            return sorted((_described(self._folder, path) for path in _files(root)), key=lambda file: file.name)

    def exists(self, name: str) -> bool:
        path = self._folder / checked_name(name)
        with one_line(path, "read"):
            return path.is_file()

    def link(self, name: str, *, seconds: float = LINK_SECONDS) -> str:
        del seconds  # a path does not expire
        path = self._folder / checked_name(name)
        if not self.exists(name):
            raise StoreError(f"{path}: there is no such file")
        return path.absolute().as_uri()


def open_folder(address: str | Path, *, patience: float) -> FolderStore:
    """Returns the store in the folder that a path or a file:// address names."""
    del patience  # a file system needs no retries
    place = parse_address(address)
    assert isinstance(place, Path)
    return FolderStore(place)


def _put(target: Path, write: Callable[[Path], object]) -> str:
    with one_line(target, "written"):
        target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as part:
        write(part)
    return str(target)


def _described(folder: Path, path: Path) -> StoredFile:
    status = path.stat()
    name = path.relative_to(folder).as_posix()
    return StoredFile(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file() and not is_part(path.name))
