"""Torch files that show whether they are whole: written atomically, closed with a digest of their bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from morphogenetic_engine.errors import StoreError

FORMAT = 1
"""Version of what the files hold; another one is refused."""

_DIGEST_LENGTH = 64


def write_sealed(path: Path, kind: str, content: Mapping[str, object]) -> None:
    """Write tensors and plain values as a file of this kind, in place of an earlier one.

    A killed process leaves one of the two, whole. The file is one that torch.load reads too. The digest is its ZIP
    comment: torch itself does not compare checksums when it loads, and those of a ZIP file leave its directory open
    to damage.

    Raises:
        StoreError: it cannot be written.
    """
    buffer = BytesIO()
    torch.save({"format": FORMAT, "kind": kind, "content": dict(content)}, buffer)
    # a ZIP file ends with the length of its comment in two bytes, then the comment
    data = buffer.getvalue()[:-2] + _DIGEST_LENGTH.to_bytes(2, "little")
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data + sha256(data).hexdigest().encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error}") from error


def read_sealed(path: Path, kind: str) -> dict[str, Any]:
    """Return what `write_sealed` wrote, on the CPU. `Any`: torch.load knows no closer type.

    Raises:
        StoreError: the file is missing, damaged, of another format or kind, or no sealed file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    if sha256(data[:-_DIGEST_LENGTH]).hexdigest().encode() != data[-_DIGEST_LENGTH:]:
        raise StoreError(f"{path}: is damaged, or was not written by the engine")
    sealed: dict[str, Any] = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    if sealed["format"] != FORMAT:
        raise StoreError(f"{path}: format must be {FORMAT}, but got {sealed['format']!r}")
    if sealed["kind"] != kind:
        raise StoreError(f"{path}: must be a {kind}, but is a {sealed['kind']}")
    content: dict[str, Any] = sealed["content"]
    return content
