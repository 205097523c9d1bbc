"""Torch files with an integrity check: written atomically and sealed with a digest of their bytes."""

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
"""Format version of the files; other versions are rejected."""

_DIGEST_LENGTH = 64


def write_sealed(path: Path, kind: str, content: Mapping[str, object]) -> None:
    """Writes tensors and plain values as a file of this kind; replaces an existing file atomically.

    torch.load can read the file. The digest is stored as the ZIP comment, because torch does not verify the checksums
    of the archive when it loads, and these do not cover the archive's directory.

    Raises:
        StoreError: it cannot be written.
    """
    buffer = BytesIO()
    torch.save({"format": FORMAT, "kind": kind, "content": dict(content)}, buffer)
    # A ZIP file ends with the length of its comment (two bytes) and the comment.
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
    """Reads a file that `write_sealed` wrote, onto the CPU. `Any`: torch.load has no narrower type.

    Raises:
        StoreError: the file is missing, damaged, not a sealed file, or of another format or kind.
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
