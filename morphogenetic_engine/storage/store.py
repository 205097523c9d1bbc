"""The store protocol, and the function that opens the store at an address.

A store of another URL scheme is registered in the entry-point group `morphogenetic_engine.stores`: a function
`(address, *, patience)` that returns a Store, under the scheme's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, runtime_checkable

from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.storage.address import CLOUDS, parse_address, scheme_of
from morphogenetic_engine.storage.store_registry import STORES
from morphogenetic_engine.storage.stored_file import LINK_SECONDS, StoredFile

PATIENCE_SECONDS = 60.0
"""How long a request is repeated while the server does not answer, or answers that it cannot just now."""
MISSING = "object stores need obstore: pip install 'morphogenetic-engine[storage]'"


@runtime_checkable
class Store(Protocol):
    """A folder that files are put into and taken from; names are relative to it, with slashes.

    A file is replaced as a whole: a reader finds the old one or the new. Every method raises StoreError, in one line
    and without credentials.
    """

    @property
    def address(self) -> str:
        """The folder's own address."""

    @property
    def is_remote(self) -> bool:
        """Whether files go to a server."""

    def address_of(self, name: str) -> str:
        """Return the address of a file."""

    def put_file(self, source: Path, name: str, *, content_type: str | None = None) -> str:
        """Store a file and return its address. A large one is sent in parts, and is never in memory as a whole.

        Left out, the content type is what the name's ending says; folders keep none.
        """

    def put_bytes(self, content: bytes, name: str, *, content_type: str | None = None) -> str:
        """Store bytes and return their address."""

    def get_file(self, name: str, target: Path) -> None:
        """Write a stored file to a path, whole or not at all."""

    def read_bytes(self, name: str) -> bytes:
        """Return what a stored file holds."""

    def list(self, folder: str = "") -> Sequence[StoredFile]:
        """Return the files of a folder and of those in it, sorted by name; none where there is no such folder."""

    def exists(self, name: str) -> bool:
        """Tell whether there is such a file."""

    def link(self, name: str, *, seconds: float = LINK_SECONDS) -> str:
        """Return a URL that anybody can read the file at for a time, without credentials of their own."""


def open_store(address: str | Path, *, patience: float = PATIENCE_SECONDS) -> Store:
    """Return the store at an address: a path, file://, s3://, gs://, az://, or the scheme of an installed package.

    Credentials and endpoints come from the environment alone (docs/storage.md). Nothing is sent before the first call.

    Raises:
        StoreError: the address is none, credentials are missing, or obstore is not installed.
        ConfigError: an installed package's store cannot be loaded.
    """
    scheme = scheme_of(address)
    if scheme not in STORES:
        parse_address(address)  # which says what an address may be
    if scheme in CLOUDS and find_spec("obstore") is None:
        raise StoreError(f"{parse_address(address)}: {MISSING}")
    opener = STORES.find(scheme)
    store: object = opener(address, patience=patience) if callable(opener) else None
    if not isinstance(store, Store):
        raise ConfigError(f"store {scheme!r}: must be a function that returns a morphogenetic_engine.storage.Store")
    return store
