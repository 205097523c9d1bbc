"""Thresholds as a short text without quotes, dollars or backslashes, which any system passes on as it is."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.search.pruners.thresholds import Thresholds, thresholds_json

_ANY: TypeAdapter[Thresholds] = TypeAdapter(Annotated[Thresholds, Field(discriminator="kind")])


def thresholds_text(thresholds: Thresholds) -> str:
    """Returns thresholds as a text of letters, digits, `-`, `_` and `=`."""
    return base64.urlsafe_b64encode(zlib.compress(thresholds_json(thresholds).encode())).decode()


def thresholds_of_text(written: str, where: str) -> Thresholds:
    """Returns the thresholds that `thresholds_text` wrote.

    Raises:
        ConfigError: the text is damaged, or of a later version.
    """
    try:
        return _ANY.validate_json(zlib.decompress(base64.urlsafe_b64decode(written)))
    except (binascii.Error, zlib.error, ValidationError, ValueError) as error:
        raise ConfigError(f"{where}: holds no thresholds of a pruner; it was cut or changed on its way") from error
