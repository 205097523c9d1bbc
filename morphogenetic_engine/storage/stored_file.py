"""The metadata of a stored file, and the longest validity of a link to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LINK_SECONDS = 7 * 24 * 3600.0
"""The longest time for which Amazon S3 signs a link."""


@dataclass(frozen=True)
class StoredFile:
    """One file of a store."""

    name: str
    size: int
    """The size in bytes."""
    modified: datetime
