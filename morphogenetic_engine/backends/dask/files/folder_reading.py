"""Reads the content of a folder in two steps: a quick copy of what has changed, then the hashes of the copy.

A folder whose trial runs is copied while the trial's processes are stopped, so that the copy is what a kill at that
moment would leave.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from morphogenetic_engine.backends.dask.files.folder_state import FileState, FolderState, stays_inside
from morphogenetic_engine.storage.local_file import one_line

Version = tuple[int, int, int, int]
"""What tells that a file has not changed: inode, time of the last change, size, permissions."""


@dataclass(frozen=True)
class Limits:
    """Which files are held in the state of their folder."""

    file: int
    """The largest number of bytes of one."""
    total: int
    """The largest number of bytes of all."""


TRIAL_LIMITS = Limits(16 * 1024, 64 * 1024)
"""Messages carry the states of trials' folders, and a scheduler that runs keeps the last thousand of them."""
PROJECT_LIMITS = Limits(256 * 1024, 8 * 1024 * 1024)
"""The state of a project is a stored file: one request for a hundred small modules."""


@dataclass(frozen=True)
class _Copied:
    version: Version
    content: bytes | None
    path: Path
    """Where the content is, if it is not held."""


@dataclass(frozen=True)
class Capture:
    """The content of a folder at one moment; the changed files are copies."""

    known: Mapping[str, FileState]
    changed: Mapping[str, _Copied]
    links: Mapping[str, str]
    folders: tuple[str, ...]


@dataclass
class FolderReader:
    """Reads one folder, and remembers the hashes of files that have not changed since."""

    folder: Path
    limits: Limits = TRIAL_LIMITS
    only: frozenset[str] | None = None
    """The names of the files to read; None: all of them, links and empty folders as well."""
    spool: Path | None = None
    """Where larger files are copied; None: nobody changes the folder meanwhile."""
    _hashed: dict[str, tuple[Version, FileState]] = field(default_factory=dict)
    _copies: int = 0

    def capture(self) -> Capture:
        """Copies what has changed; a file that vanishes meanwhile is left out.

        Raises:
            StoreError: a file cannot be read, or its copy cannot be written.
        """
        known: dict[str, FileState] = {}
        changed: dict[str, _Copied] = {}
        links: dict[str, str] = {}
        held = 0
        empty: list[str] = []
        for name, path in self._listed():
            with one_line(path, "read"), suppress(FileNotFoundError):
                if self.only is None and path.is_symlink() and stays_inside(name, os.readlink(path)):
                    links[name] = os.readlink(path)
                    continue
                status = path.stat()
                if stat.S_ISDIR(status.st_mode):
                    if not path.is_symlink() and not any(path.iterdir()):
                        empty.append(name)
                    continue
                if not stat.S_ISREG(status.st_mode):
                    continue
                version = (status.st_ino, status.st_mtime_ns, status.st_size, stat.S_IMODE(status.st_mode))
                fits = status.st_size <= self.limits.file and held + status.st_size <= self.limits.total
                held += status.st_size if fits else 0
                before = self._hashed.get(name)
                if before is not None and before[0] == version and (before[1].content is not None) == fits:
                    known[name] = before[1]
                else:
                    changed[name] = self._copy(path, version, fits)
        return Capture(known, changed, links, tuple(empty))

    def state(self, capture: Capture) -> tuple[FolderState, dict[str, Path]]:
        """Returns the state of the folder when it was captured, and where the contents of changed files are."""
        files, contents = dict(capture.known), dict[str, Path]()
        for name, each in capture.changed.items():
            state = _hashed(each)
            files[name] = state
            self._hashed[name] = each.version, state
            if state.content is None:
                contents[state.sha256] = each.path
        return FolderState(dict(sorted(files.items())), capture.links, capture.folders), contents

    def read(self) -> tuple[FolderState, dict[str, Path]]:
        """Returns the state of the folder now, and where the contents of changed files are."""
        return self.state(self.capture())

    def note(self, state: FolderState) -> None:
        """Takes the state that was just written into the folder: its files need not be read."""
        for name, each in state.files.items():
            with suppress(OSError):
                status = (self.folder / name).stat()
                version = (status.st_ino, status.st_mtime_ns, status.st_size, stat.S_IMODE(status.st_mode))
                self._hashed[name] = version, each

    def empty_spool(self) -> None:
        """Deletes the copies."""
        if self.spool is not None:
            shutil.rmtree(self.spool, ignore_errors=True)

    def _listed(self) -> Iterator[tuple[str, Path]]:
        if self.only is None:
            return _below(self.folder)
        return ((name, self.folder / name) for name in sorted(self.only))

    def _copy(self, path: Path, version: Version, fits: bool) -> _Copied:
        if fits:
            return _Copied(version, path.read_bytes(), path)
        if self.spool is None:
            return _Copied(version, None, path)
        self.spool.mkdir(parents=True, exist_ok=True)
        copy = self.spool / str(self._copies)
        self._copies += 1
        shutil.copyfile(path, copy)
        return _Copied(version, None, copy)


def _hashed(each: _Copied) -> FileState:
    mode = each.version[3]
    if each.content is not None:
        return FileState(mode, len(each.content), hashlib.sha256(each.content).hexdigest(), each.content)
    return FileState(mode, each.path.stat().st_size, sha256_of(each.path))


def sha256_of(path: Path) -> str:
    """Returns the hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yields what a folder and its subfolders hold, in the order of the names.

    Links to folders are not followed.
    """
    found = []
    for root, folders, files in os.walk(folder):
        place = Path(root)
        found += [place / each for each in (*folders, *files)]
    for path in sorted(found):
        yield path.relative_to(folder).as_posix(), path
