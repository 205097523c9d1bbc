"""Values of Kubernetes in sweep files: amounts and names of objects."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from morphogenetic_engine.trial import text

_QUANTITY = re.compile(r"(\d+(\.\d+)?|\.\d+)(m|[kMGTPE]|[KMGTPE]i)?")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def _quantity(value: object) -> object:
    """Returns the text of an amount as Kubernetes writes it: 500m, 2, 1.5, 8Gi."""
    written = text(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if not isinstance(written, str) or _QUANTITY.fullmatch(written) is None:
        raise ValueError(f"must be an amount such as 2, 500m or 8Gi, but got {value!r}")
    if not re.search(r"[1-9]", written):
        raise ValueError(f"must be more than nothing, but got {value!r}")
    return written


def _bytes(value: object) -> object:
    """Returns the text of an amount of bytes; 512m, which elsewhere is megabytes, is half a byte to Kubernetes."""
    written = _quantity(value)
    if isinstance(written, str) and written.endswith("m"):
        raise ValueError(f"must be bytes, such as 512Mi or 8Gi (m is a thousandth), but got {value!r}")
    return written


def _name(value: str) -> str:
    if _NAME.fullmatch(value) is None:
        raise ValueError(f"must be small letters, digits, '-' and '.', but got {value!r}")
    return value


Quantity = Annotated[str, BeforeValidator(_quantity)]
Bytes = Annotated[str, BeforeValidator(_bytes)]
Name = Annotated[str, AfterValidator(_name)]
