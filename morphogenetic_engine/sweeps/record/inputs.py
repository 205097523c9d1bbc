"""The inputs of a sweep: the files that its trials read, and the check that they are unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.errors import ConfigError, StoreError, SweepError


class InputFile(BaseModel):
    """One input, as it was when the sweep began."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    """As in the sweep file: relative to the working directory."""
    sha256: str
    size: int
    """Bytes."""


def read_inputs(paths: Mapping[str, str], directory: Path, where: str) -> dict[str, InputFile]:
    """Returns the sizes and hashes of the files by the names of their parameters; errors begin with `where`.

    Raises:
        ConfigError: there is no such file.
        StoreError: one cannot be read.
    """
    return {name: _read(name, path, directory, where) for name, path in paths.items()}


def check_inputs(inputs: Mapping[str, InputFile], directory: Path, where: str) -> None:
    """Checks that the files are unchanged since the sweep began.

    Raises:
        SweepError: one has changed: what still runs would not fit what ran.
        ConfigError: one is gone.
        StoreError: one cannot be read.
    """
    for name, before in inputs.items():
        now = _read(name, before.path, directory, where)
        if now.sha256 != before.sha256:
            hashes = f"sha256 {before.sha256[:12]} then, {now.sha256[:12]} now"
            hint = "bring it back, or start a new sweep"
            raise SweepError(f"{where}: {before.path} has changed since the sweep began ({hashes}); {hint}")


def _read(name: str, path: str, directory: Path, where: str) -> InputFile:
    file, key = directory / path, f"{where}: experiment.inputs.{name}"
    try:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
            return InputFile(path=path, sha256=digest, size=content.tell())
    except FileNotFoundError as error:
        looked = "" if Path(path).is_absolute() else f" (looked in {directory})"
        raise ConfigError(f"{key}: there is no file {path}{looked}") from error
    except OSError as error:
        raise StoreError(f"{key}: {path}: cannot be read: {error.strerror}") from error
