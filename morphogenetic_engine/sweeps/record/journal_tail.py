"""Reads a journal incrementally while another process writes it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sweeps.record.events import Event, from_line


class JournalTail:
    """A reader of a growing journal; `offset` is the byte up to which it has read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.offset = 0

    @property
    def size(self) -> int:
        """The bytes of the journal, a torn last line included; 0 where there is none yet."""
        return self._path.stat().st_size if self._path.exists() else 0

    def read(self, *, most: int) -> list[Event]:
        """Returns the next events, `most` at most; none when the journal has no further whole line.

        Raises:
            SweepError: a line is not an event, or of a newer format.
            StoreError: the file cannot be read.
        """
        return [event for event, _ in self.numbered(most=most)]

    def numbered(self, *, most: int) -> list[tuple[Event, int]]:
        """Returns the next events like `read`, each with the byte at which it ends: its number."""
        if self.size <= self.offset:
            return []
        events = list(islice(self._events(to=None), most))
        if events:
            self.offset = events[-1][1]
        return events

    def read_up_to(self, offset: int) -> Iterator[Event]:
        """Reads the events that end at or before a byte."""
        for event, self.offset in self._events(to=offset):
            yield event

    def _events(self, *, to: int | None) -> Iterator[tuple[Event, int]]:
        """Yields events and the bytes at which they end; a line without its newline is not one yet."""
        end = self.offset
        try:
            with self._path.open("rb") as file:
                file.seek(end)
                for line in takewhile(lambda line: line.endswith(b"\n"), file):
                    end += len(line)
                    if to is not None and end > to:
                        return
                    yield from_line(line), end
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read: {error.strerror}") from error
        except SweepError as error:
            raise SweepError(f"{self._path}: the line that ends at byte {end} {error}") from error
