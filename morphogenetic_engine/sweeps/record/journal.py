"""The journal: the append-only history of a sweep, one event a line; the only source of truth about it.

One process writes at a time; a lock on the journal itself says which, and `journal.lock` names it. A line is handed to
the operating system before anything acts on it, so killing any process loses none; the disk is told to keep it within
a tenth of a second, so a power cut loses no more than that. A torn last line is cut off when the journal is opened for
writing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import orjson

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.record.journal_file.lines import CHECK_BYTES, LineChain, stored_check
from morphogenetic_engine.sweeps.record.journal_file.lock import note_owner, take_lock

SYNC_SECONDS = 0.1
_BLOCK = 65536


class Journal:
    """The journal of one sweep, open for appending; use it as a context manager.

    Raises:
        SweepError: another process has it open, or its last line is damaged.
        StoreError: it cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locks: list[int] = []
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            self._locks.append(self._file)
            take_lock(self._file, path)
            self._locks.append(note_owner(path))
            self._end = _cut_torn_line(self._file, path)
            self._chain = chain_at(self._file, self._end)
            opened = os.fstat(self._file)
        except (OSError, SweepError) as error:
            self._release()
            if isinstance(error, SweepError):
                raise
            raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
        self._identity = (opened.st_dev, opened.st_ino)
        self._sync_error: OSError | None = None
        self._written = threading.Event()
        self._closing = threading.Event()
        self._syncer = threading.Thread(target=self._sync_while_open, name="journal sync", daemon=True)
        self._syncer.start()

    def append(self, event: Event) -> None:
        """Writes one event; once this returns, the event survives the death of the process.

        Raises:
            SweepError: the file was deleted or replaced.
            StoreError: the disk is full or gone. The journal then ends with the last whole line.
        """
        self.check_in_place()
        before = self._chain.state
        line = self._chain.line(event)
        try:
            if self._sync_error is not None:
                raise self._sync_error
            _write_whole(self._file, line)
        except OSError as error:
            self._chain.state = before
            with suppress(OSError):  # a disk that is gone; the next writer cuts the torn line off
                os.ftruncate(self._file, self._end)
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._end += len(line)
        self._written.set()

    def check_in_place(self) -> None:
        """Checks that the path still leads to the file that is open here.

        Raises:
            SweepError: it was deleted or replaced while the sweep ran: what is written now would be lost.
        """
        try:
            there = os.stat(self._path, follow_symlinks=False)
        except OSError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != self._identity:
            what = "deleted" if there is None else "replaced by another file"
            raise SweepError(
                f"{self._path}: was {what} while the sweep ran, which ends here; trials.csv is left as it is"
            )

    def close(self) -> None:
        """Syncs the last lines to disk and releases the lock."""
        self._closing.set()
        self._written.set()
        self._syncer.join()
        try:
            os.fsync(self._file)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        finally:
            self._release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _release(self) -> None:
        for descriptor in reversed(self._locks):
            os.close(descriptor)

    def _sync_while_open(self) -> None:
        while not self._closing.is_set():
            self._written.wait()
            self._written.clear()
            try:
                os.fsync(self._file)
            except OSError as error:
                self._sync_error = error  # the next append raises it
            self._closing.wait(SYNC_SECONDS)


def read_events(path: Path) -> Iterator[Event]:
    """Reads a journal from its start; a torn last line, which was never acted on, is passed over.

    Raises:
        SweepError: a line is damaged, or of a newer format.
        StoreError: the file cannot be read.
    """
    chain, start = LineChain(), 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    check_torn(line, path, number, start)
                    return
                try:
                    event = chain.event(line)
                except SweepError as error:
                    raise damage(path, number, start, str(error)) from error
                yield event
                start += len(line)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error


def damage(path: Path, number: int | None, start: int, problem: str) -> SweepError:
    """Returns the error for a damaged line, which begins at byte `start`."""
    line = "a line" if number is None else f"line {number}"
    if "; upgrade" in problem:
        return SweepError(f"{path}: {line} at byte {start} {problem}")
    return SweepError(f"{path}: {line} at byte {start} {problem}; {remedy(path.parent)}")


def remedy(folder: Path) -> str:
    """Returns what to do about a damaged file of a sweep, in words."""
    results = folder.parent
    elsewhere = "" if results == Path("results/sweeps") else f" --results {results}"
    return f"`morphogenetic sweep repair --sweep-id {folder.name}{elsewhere}` keeps all that is whole"


def check_torn(line: bytes, path: Path, number: int | None, start: int) -> None:
    """Checks that a last line without its newline was torn, which is usual after a kill, rather than damaged.

    Raises:
        SweepError: the line is whole, but another byte stands in place of its newline.
    """
    if line[-1:] in {b"", b"}", b"\0"}:
        return
    try:
        orjson.loads(line[:-1])
    except orjson.JSONDecodeError:
        return
    raise damage(path, number, start, f"ends with {line[-1:].decode('latin-1')!r} instead of a newline")


def chain_at(file: int, offset: int) -> LineChain:
    """Returns the chain of checksums after the line that ends at a byte of a journal."""
    tail = os.pread(file, CHECK_BYTES, max(0, offset - CHECK_BYTES)) if offset else b""
    check = stored_check(tail[: min(CHECK_BYTES, offset)])
    if check is not None:
        return LineChain(check, checked=True)
    chain = LineChain(_crc_up_to(file, offset))
    return chain


def _crc_up_to(file: int, offset: int) -> int:
    """Returns the checksum of lines of format 1: of all bytes up to `offset`."""
    from zlib import crc32  # pylint: disable=import-outside-toplevel

    state, start = 0, 0
    while start < offset:
        block = os.pread(file, min(_BLOCK, offset - start), start)
        if not block:
            break
        state, start = crc32(block, state), start + len(block)
    return state


def _cut_torn_line(file: int, path: Path) -> int:
    """Cuts the file after its last newline and returns that length."""
    end = os.fstat(file).st_size
    start = end
    while start > 0:
        start = max(0, start - _BLOCK)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            start += newline + 1
            break
    if start != end:
        check_torn(os.pread(file, end - start, start), path, None, start)
        os.ftruncate(file, start)
    return start


def _write_whole(file: int, line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(file, view) :]
