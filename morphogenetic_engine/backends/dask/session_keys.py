"""Writes the certificate and key of a session where its workers read them, and removes them with the session."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed.security import Security

from morphogenetic_engine.errors import StoreError

_PREFIX = ".keys-"
"""Hidden, so that copies of the sweep's folder leave them out."""


@dataclass(frozen=True)
class KeyFiles:
    """Files that a Dask worker is started with."""

    ca: Path
    cert: Path
    key: Path

    @property
    def options(self) -> list[str]:
        """The options of `dask worker`."""
        return ["--tls-ca-file", str(self.ca), "--tls-cert", str(self.cert), "--tls-key", str(self.key)]


@contextmanager
def written_keys(security: Security, folder: Path) -> Iterator[KeyFiles]:
    """Writes the keys into a new folder that only the user can read; those of sessions that were killed are removed.

    Raises:
        StoreError: they cannot be written.
    """
    try:
        for left in folder.glob(f"{_PREFIX}*"):
            shutil.rmtree(left)
        place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder.absolute()))
        files = KeyFiles(place / "ca.pem", place / "cert.pem", place / "key.pem")
        texts = security.get_tls_config_for_role("worker")
        for path, name in ((files.ca, "ca_file"), (files.cert, "cert"), (files.key, "key")):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(str(texts[name]))
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    try:
        yield files
    finally:
        shutil.rmtree(place, ignore_errors=True)
