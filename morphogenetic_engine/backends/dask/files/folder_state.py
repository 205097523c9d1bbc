"""The content of a folder as data: small files are in it, larger ones are named by the hash of their content."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.address import checked_name

FORMAT = 1


@dataclass(frozen=True)
class FileState:
    """One file."""

    mode: int
    """The permissions."""
    size: int
    sha256: str
    content: bytes | None = None
    """The content of a small file; None: it is stored under its hash."""


@dataclass(frozen=True)
class FolderState:
    """The files of a folder by their names, which are relative to it, with slashes."""

    files: Mapping[str, FileState] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links inside the folder, and where they lead."""
    folders: Sequence[str] = ()
    """Subfolders that hold nothing."""

    @property
    def names(self) -> set[str]:
        """The names of its files and links."""
        return {*self.files, *self.links}

    def to_json(self) -> bytes:
        """Returns the state as text."""
        files = {name: [each.mode, each.size, each.sha256, _text(each.content)] for name, each in self.files.items()}
        state = {"format": FORMAT, "files": files, "links": dict(self.links), "folders": list(self.folders)}
        return json.dumps(state, separators=(",", ":")).encode()


NOTHING = FolderState()


def folder_state(text: bytes, where: str) -> FolderState:
    """Returns the state that a text of `to_json` holds; `where` is its address.

    Raises:
        StoreError: the text is damaged or of a newer version of this package, or a name leads out of the folder.
    """
    try:
        state = json.loads(text)
        if state["format"] > FORMAT:
            raise StoreError(f"{where}: was written by a newer version of morphogenetic-engine")
        files = {
            checked_name(name): FileState(int(mode), int(size), str(digest), None if held is None else _bytes(held))
            for name, (mode, size, digest, held) in state["files"].items()
        }
        links = {checked_name(name): str(target) for name, target in state["links"].items()}
        folders = tuple(checked_name(name) for name in state["folders"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{where}: is damaged: {error}") from error
    return FolderState(files, links, folders)


def stays_inside(name: str, target: str) -> bool:
    """Returns whether a link of a folder leads to a place in the same folder."""
    place = PurePosixPath(target)
    depth = len(PurePosixPath(name).parent.parts)
    if place.is_absolute():
        return False
    for part in place.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return False
    return True


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode("ascii")


def _bytes(held: str) -> bytes:
    return base64.b64decode(held, validate=True)
