"""Reads a journal incrementally while another process writes it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import BinaryIO

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.record.journal import damage
from morphogenetic_engine.sweeps.record.journal_file.lines import CHECK_BYTES, LineChain, stored_check


class JournalTail:
    """A reader of a growing journal; `offset` is the byte up to which it has read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chain: LineChain | None = LineChain()
        self._offset = 0

    @property
    def offset(self) -> int:
        return self._offset

    @offset.setter
    def offset(self, offset: int) -> None:
        """Goes to the end of another line."""
        self._offset = offset
        self._chain = None if offset else LineChain()

    @property
    def size(self) -> int:
        """The bytes of the journal, a torn last line included; 0 where there is none yet."""
        return self._path.stat().st_size if self._path.exists() else 0

    def read(self, *, most: int) -> list[Event]:
        """Returns the next events, `most` at most; none when the journal has no further whole line.

        Raises:
            SweepError: a line is damaged, or of a newer format.
            StoreError: the file cannot be read.
        """
        return [event for event, _ in self.numbered(most=most)]

    def numbered(self, *, most: int) -> list[tuple[Event, int]]:
        """Returns the next events like `read`, each with the byte at which it ends: its number."""
        if self.size <= self._offset:
            return []
        events = list(islice(self._events(to=None), most))
        if events:
            self._offset = events[-1][1]
        return events

    def read_up_to(self, offset: int) -> Iterator[Event]:
        """Reads the events that end at or before a byte."""
        for event, self._offset in self._events(to=offset):
            yield event

    def _events(self, *, to: int | None) -> Iterator[tuple[Event, int]]:
        """Yields events and the bytes at which they end; a line without its newline is not one yet."""
        end = start = self._offset
        try:
            with self._path.open("rb") as file:
                chain = self._chain = self._chain or _chain_at(file, end)
                file.seek(end)
                for line in takewhile(lambda line: line.endswith(b"\n"), file):
                    start, end = end, end + len(line)
                    if to is not None and end > to:
                        return
                    yield chain.event(line), end
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read: {error.strerror}") from error
        except SweepError as error:
            self._chain = None
            raise damage(self._path, None, start, str(error)) from error


def _chain_at(file: BinaryIO, offset: int) -> LineChain:
    """Returns the chain after the line that ends at a byte, of which the rest need not be read."""
    begin = max(0, offset - CHECK_BYTES)
    file.seek(begin)
    check = stored_check(file.read(offset - begin))
    return LineChain(check, checked=check is not None)
