"""A folder of an object store as a store."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import BaseError

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.storage.address import CloudAddress, checked_name, parse_address
from morphogenetic_engine.storage.connections import Connection, connect
from morphogenetic_engine.storage.local_file import one_line, written_whole
from morphogenetic_engine.storage.store_errors import failure, is_missing_file
from morphogenetic_engine.storage.stored_file import LINK_SECONDS, StoredFile

if TYPE_CHECKING:
    from obstore import GetOptions

PART_BYTES = 8 * 1024 * 1024
PARTS_AT_ONCE = 4
_MOST_PARTS = 9000
"""The largest number of parts; S3 accepts 10,000 per file."""
_UNKNOWN_TYPE = "application/octet-stream"
_FAILURES = (BaseError, OSError, ValueError, RuntimeError)
"""The exceptions that obstore raises: its own tree, and built-in ones for some causes (RuntimeError: not supported)."""

_ResultT = TypeVar("_ResultT")


class CloudStore:
    """A store in S3, Google Cloud Storage or Azure Blob Storage."""

    def __init__(self, address: CloudAddress, *, patience: float) -> None:
        self._address = address
        self._patience = patience
        self._connection: Connection = connect(address, patience=patience)

    @property
    def address(self) -> str:
        return str(self._address)

    @property
    def is_remote(self) -> bool:
        return True

    def address_of(self, name: str) -> str:
        return f"{self._address}/{checked_name(name)}"

    def put_file(self, source: Path, name: str, *, content_type: str | None = None) -> str:
        with one_line(source, "read"):
            size = source.stat().st_size
            source.open("rb").close()
        self._put(source, name, content_type, max(PART_BYTES, size // _MOST_PARTS))
        return self.address_of(name)

    def put_bytes(self, content: bytes, name: str, *, content_type: str | None = None) -> str:
        self._put(content, name, content_type, PART_BYTES)
        return self.address_of(name)

    def get_file(self, name: str, target: Path) -> None:
        key = self._key(name)
        with written_whole(target) as part, part.open("wb") as file, self._one_line(name, "read"):
            for content in self._parts(key):
                file.write(content)

    def read_bytes(self, name: str) -> bytes:
        key = self._key(name)
        with self._one_line(name, "read"):
            return _interruptible(lambda: bytes(obstore.get(self._connection, key).bytes()))

    def list(self, folder: str = "") -> list[StoredFile]:
        prefix = self._address.key(checked_name(folder) if folder else "")
        with self._one_line(folder, "listed"):
            found = _interruptible(
                lambda: [each for page in obstore.list(self._connection, prefix or None) for each in page]
            )
        start = len(self._address.folder) + 1 if self._address.folder else 0
        files = [StoredFile(each["path"][start:], each["size"], each["last_modified"]) for each in found]
        return sorted(files, key=lambda file: file.name)

    def exists(self, name: str) -> bool:
        key = self._key(name)
        with self._one_line(name, "read"):
            try:
                # GET, as HEAD does not distinguish a missing bucket from a missing file; the content is not read
                _interruptible(lambda: obstore.get(self._connection, key))
            except FileNotFoundError as error:
                if is_missing_file(error):
                    return False
                raise
            return True

    def link(self, name: str, *, seconds: float = LINK_SECONDS) -> str:
        key = self._key(name)
        if not 0 < seconds <= LINK_SECONDS:
            raise StoreError(f"a link must hold for more than 0 and at most {LINK_SECONDS:.0f} s, but got {seconds:g}")
        with self._one_line(name, "linked to"):
            return _interruptible(lambda: obstore.sign(self._connection, "GET", key, timedelta(seconds=seconds)))

    def _key(self, name: str) -> str:
        return self._address.key(checked_name(name))

    def _put(self, content: Path | bytes, name: str, content_type: str | None, part_bytes: int) -> None:
        key = self._key(name)
        attributes = {"Content-Type": content_type or content_type_of(name)}
        with self._one_line(name, "written"):
            _interruptible(
                lambda: obstore.put(
                    self._connection,
                    key,
                    content,
                    attributes=attributes,
                    chunk_size=part_bytes,
                    max_concurrency=PARTS_AT_ONCE,
                )
            )

    def _parts(self, key: str) -> Iterator[bytes]:
        """Yields a file in parts, each a separate request with its own retries; all of the same version of the file."""
        whole = _interruptible(lambda: obstore.get(self._connection, key))
        size, version = whole.meta["size"], whole.meta["e_tag"]
        if size <= PART_BYTES:
            yield _interruptible(lambda: bytes(whole.bytes()))
            return
        for start in range(0, size, PART_BYTES):
            yield self._part(key, start, min(start + PART_BYTES, size), version)

    def _part(self, key: str, start: int, end: int, version: str | None) -> bytes:
        options: GetOptions = {"range": (start, end)}
        if version is not None:
            options["if_match"] = version
        return _interruptible(lambda: bytes(obstore.get(self._connection, key, options=options).bytes()))

    @contextmanager
    def _one_line(self, name: str, done: str) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            raise StoreError(failure(error, self._address, self._address.key(name), done)) from error


def open_cloud(address: str, *, patience: float) -> CloudStore:
    """Returns the store at an address of S3, Google Cloud Storage or Azure Blob Storage; nothing is sent yet."""
    place = parse_address(address)
    assert isinstance(place, CloudAddress)
    return CloudStore(place, patience=patience)


def content_type_of(name: str) -> str:
    """Returns the content type for a name's extension; text is UTF-8."""
    kind = mimetypes.guess_type(name)[0] or _UNKNOWN_TYPE
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _interruptible(call: Callable[[], _ResultT]) -> _ResultT:
    """Returns the result of a call; Ctrl-C interrupts the wait at once, which it would not inside obstore."""
    answer: Future[_ResultT] = Future()

    def work() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # pylint: disable=broad-exception-caught  # raised again in the waiting thread
            answer.set_exception(error)

    Thread(target=work, daemon=True).start()
    return answer.result()
