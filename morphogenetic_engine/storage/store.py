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
"""The time in seconds for which a request is retried while the server does not answer or is unavailable."""
MISSING = "object stores need obstore: pip install 'morphogenetic-engine[storage]'"


@runtime_checkable
class Store(Protocol):
    """A folder of stored files; names are relative to it, with slashes.

    Files are replaced atomically: a reader finds the old one or the new. Every method raises StoreError, in one line
    and without credentials.
    """

    @property
    def address(self) -> str:
        """The folder's own address."""

    @property
    def is_remote(self) -> bool:
        """True if files are stored on a server."""

    def address_of(self, name: str) -> str:
        """Returns the address of a file."""

    def put_file(self, source: Path, name: str, *, content_type: str | None = None) -> str:
        """Stores a file and returns its address. A large one is sent in parts, and is never in memory as a whole.

        The default content type follows from the name's extension; folders store none.
        """

    def put_bytes(self, content: bytes, name: str, *, content_type: str | None = None) -> str:
        """Stores bytes and returns their address."""

    def get_file(self, name: str, target: Path) -> None:
        """Writes a stored file to a path, whole or not at all."""

    def read_bytes(self, name: str) -> bytes:
        """Returns the content of a stored file."""

    def list(self, folder: str = "") -> Sequence[StoredFile]:
        """Returns the files of a folder and its subfolders, sorted by name; none if the folder does not exist."""

    def exists(self, name: str) -> bool:
        """Returns True if a file exists."""

    def link(self, name: str, *, seconds: float = LINK_SECONDS) -> str:
        """Returns a URL at which the file can be read without credentials for a limited time."""


def open_store(address: str | Path, *, patience: float = PATIENCE_SECONDS) -> Store:
    """Returns the store at an address: a path, file://, s3://, gs://, az://, or the scheme of an installed package.

    Credentials and endpoints come from the environment alone (docs/storage.md). Nothing is sent before the first call.

    Raises:
        StoreError: the address is none, credentials are missing, or obstore is not installed.
        ConfigError: an installed package's store cannot be loaded.
    """
    scheme = scheme_of(address)
    if scheme not in STORES:
        parse_address(address)  # raises StoreError for an invalid address
    if scheme in CLOUDS and find_spec("obstore") is None:
        raise StoreError(f"{parse_address(address)}: {MISSING}")
    opener = STORES.find(scheme)
    store: object = opener(address, patience=patience) if callable(opener) else None
    if not isinstance(store, Store):
        raise ConfigError(f"store {scheme!r}: must be a function that returns a morphogenetic_engine.storage.Store")
    return store
