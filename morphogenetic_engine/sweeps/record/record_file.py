"""Reads a JSON file that holds one record with a `format`; every mistake is a one-line error."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from morphogenetic_engine.errors import StoreError, SweepError

_RecordT = TypeVar("_RecordT", bound=BaseModel)


def read_record(path: Path, kind: type[_RecordT], *, newest: int) -> _RecordT:
    """Returns the record in a file; `newest` is the latest format that this version knows.

    Raises:
        SweepError: it is damaged or of a newer format.
        StoreError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_record(path, content, kind, newest=newest)


def parse_record(path: Path, content: bytes, kind: type[_RecordT], *, newest: int) -> _RecordT:
    """Returns the record in the content of a file.

    Raises:
        SweepError: it is damaged or of a newer format.
    """
    try:
        written = orjson.loads(content)
        version = written.get("format") if isinstance(written, dict) else None
        if isinstance(version, int) and version > newest:
            raise SweepError(f"{path}: is of format {version}, but this version reads up to {newest}; upgrade")
        return kind.model_validate_json(content)
    except orjson.JSONDecodeError as error:
        raise SweepError(f"{path}: is damaged: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise SweepError(f"{path}: is damaged: {place}: {first['msg']}") from error
