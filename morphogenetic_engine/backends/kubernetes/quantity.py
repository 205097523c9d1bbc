"""Converts amounts of bytes to the canonical form of Kubernetes.

Katib converts a trial template to a Job and back, and rejects it if a string changes: 1.5Gi is returned as 1536Mi.
Source: pkg/webhook/v1beta1/experiment/validator of Katib, api/resource/quantity.go of Kubernetes.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

_AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d*)?|\.\d+)(?P<unit>[kMGTPE]|[KMGTPE]i)?")
_DECIMAL = ("", "k", "M", "G", "T", "P", "E")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def canonical_bytes(text: str) -> str:
    """Returns the amount in canonical form, rounded up to whole bytes.

    Raises:
        ValueError: it is no amount of bytes.
    """
    size = bytes_of(text)
    binary = text.endswith("i") and size >= 1024 and size % 1024 == 0
    base, units = (1024, _BINARY) if binary else (1000, _DECIMAL)
    power = 0
    while size and size % base == 0 and power < len(units) - 1:
        size, power = size // base, power + 1
    return f"{size}{units[power]}"


def bytes_of(text: str) -> int:
    """Returns an amount in bytes, rounded up.

    Raises:
        ValueError: it is no amount of bytes.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"must be an amount of bytes such as 512Mi or 8Gi, but got {text!r}")
    unit = found["unit"] or ""
    base, units = (1024, _BINARY) if unit in _BINARY else (1000, _DECIMAL)
    return math.ceil(Fraction(found["number"]) * Fraction(base) ** units.index(unit))


def whole_cores(text: str | None) -> int:
    """Returns the whole cores of an amount such as 4 or 2500m, at least one; one if no amount is given."""
    if text is None:
        return 1
    if text.endswith("m"):
        return max(1, int(Fraction(text[:-1]) / 1000))
    return max(1, int(Fraction(text) if text[-1].isdigit() else bytes_of(text)))
