"""Parses and checks the addresses of stores, and the names of files inside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.store_registry import STORES

CLOUDS = ("s3", "gs", "az")
"""The schemes of object stores: Amazon S3 and compatible servers, Google Cloud Storage, Azure Blob Storage."""
LOCAL = "file"
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")


@dataclass(frozen=True)
class CloudAddress:
    """A folder of an object store."""

    scheme: str
    bucket: str
    folder: str
    """Without slashes at its ends; "" for the whole bucket."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.folder}".rstrip("/")

    def key(self, name: str) -> str:
        """Returns the object key of a file."""
        return "/".join(part for part in (self.folder, name) if part)


def scheme_of(address: str | Path) -> str:
    """Returns the URL scheme of an address, in small letters; "file" for a path."""
    url = _URL.fullmatch(str(address))
    return LOCAL if url is None or isinstance(address, Path) else url["scheme"].lower()


def parse_address(address: str | Path) -> Path | CloudAddress:
    """Returns the folder that an address names: a path, or a folder of an object store.

    Raises:
        StoreError: the address is invalid; the message shows no credentials.
    """
    url = _URL.fullmatch(str(address))
    if url is None or isinstance(address, Path):
        return Path(address)
    scheme, rest = url["scheme"].lower(), url["rest"]
    if scheme == LOCAL:
        return _local(rest)
    if scheme not in CLOUDS:
        known = ", ".join(f"{each}://" for each in STORES.names)
        raise StoreError(f"an address must be a path or begin with {known}, but got {scheme}://")
    return _cloud(scheme, rest)


def checked_name(name: str) -> str:
    """Returns a checked name of a file inside a store: parts with slashes between them, without `..`.

    Raises:
        StoreError: it is empty, absolute or leads out of the store.
    """
    if "\0" in name or any(part in {"", ".", ".."} for part in name.split("/")):
        raise StoreError(f"a name in a store must be parts with single slashes between them, but got {name!r}")
    return name


def split_address(address: str) -> tuple[str, str]:
    """Returns the folder and the name of the file that an address names: `s3://bucket/a/b.html` -> (`s3://bucket/a`,
    `b.html`).

    Raises:
        StoreError: it names no file.
    """
    folder, slash, name = address.rpartition("/")
    if not name or folder.endswith(("/", ":")):
        raise StoreError(f"{_shown(address)}: must name a file")
    return folder or slash or ".", checked_name(name)


def _local(rest: str) -> Path:
    host, slash, path = rest.partition("/")
    if host not in {"", "localhost"} or not slash:
        raise StoreError(f"file://{host}: must be file:///an/absolute/path, or a plain path")
    return Path(unquote(f"/{path}"))


def _cloud(scheme: str, rest: str) -> CloudAddress:
    bucket, _, folder = rest.partition("/")
    if "@" in bucket:
        raise StoreError(f"{scheme}://: credentials belong in the environment, not in an address")
    if "?" in rest or _BUCKET.fullmatch(bucket) is None:
        raise StoreError(f"{scheme}://: must be {scheme}://bucket/folder, but got {_shown(f'{scheme}://{rest}')!r}")
    folder = folder.strip("/")
    return CloudAddress(scheme, bucket, checked_name(folder) if folder else "")


def _shown(address: str) -> str:
    return re.sub(r"(?<=://).*@", "", address, flags=re.DOTALL).split("?", maxsplit=1)[0]
