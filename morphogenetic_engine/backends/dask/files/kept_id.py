"""An id that a sweep's folder keeps, so that all sessions of the sweep have it."""

from __future__ import annotations

import uuid
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.sweeps.record.folder import write_whole


def kept_id(file: Path) -> str:
    """Returns the id in a file, which is written the first time.

    Raises:
        StoreError: the file cannot be read or written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file():
            write_whole(file, uuid.uuid4().hex[:12].encode())
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}") from error
