"""Reads fields of Kubernetes objects; a field that is missing or has another type is read as empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

Object = Mapping[str, object]
"""An object of the Kubernetes API, decoded from JSON."""


def time_of(parent: Object, key: str) -> float | None:
    """Returns a time in seconds since 1970."""
    written = text(parent, key)
    return datetime.fromisoformat(written).timestamp() if written else None


def mapping(parent: Object, key: str) -> Object:
    """Returns an object in an object."""
    value = parent.get(key)
    return value if isinstance(value, Mapping) else {}


def mappings(parent: Object, key: str) -> list[Object]:
    """Returns the objects in a list."""
    value = parent.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text(parent: Object, key: str) -> str:
    """Returns a string field."""
    value = parent.get(key)
    return value if isinstance(value, str) else ""
