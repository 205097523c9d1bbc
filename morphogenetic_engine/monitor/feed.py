"""Follows the journal for all viewers, and builds each message once for all of them.

A viewer sends its position and receives the changes since then. A slow viewer asks less often and receives more at
once, so nothing is queued for it, and it does not slow the others.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from morphogenetic_engine.errors import MorphogeneticError, StoreError
from morphogenetic_engine.monitor.stop import stop, why_not
from morphogenetic_engine.monitor.view import SweepView
from morphogenetic_engine.sweeps.overview import state_word
from morphogenetic_engine.sweeps.record.events import SessionStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal_file.lock import Owner, owner
from morphogenetic_engine.sweeps.record.journal_tail import JournalTail
from morphogenetic_engine.sweeps.run.workers.worker_places import WorkerPlaces, read_places

BATCH_SECONDS = 0.1
SENDS_A_SECOND = 100
"""With more viewers, each is updated less often, so that the total work stays constant."""
IDLE_SECONDS = 1.0
LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
_EVENTS_AT_ONCE = 2000


@dataclass(frozen=True)
class Position:
    """The position of a viewer: the identity of the journal, and the byte offset up to which it was sent."""

    journal: str = ""
    offset: int = 0


@dataclass(frozen=True)
class _Runner:
    """The process that runs the sweep, and its workers on other machines; None: there are none."""

    owner: Owner | None = None
    places: WorkerPlaces | None = None


class Feed:
    """The state of one sweep, kept current while `follow` runs; used from a single event loop.

    Raises:
        SweepError, StoreError: the sweep's folder cannot be read.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self.folder = folder
        self.viewers = 0
        self.over = False
        """True: nothing more follows, because the serving process is about to exit."""
        self.news = asyncio.Event()
        """Set when there are changes after the last message, or at the end; then replaced by a new one."""
        self._at_once = _EVENTS_AT_ONCE
        self._problem = ""
        """The error that ended the reading of the journal; "" while there is none."""
        self._changed = True
        self._read_anew()
        self._runner = _Runner()
        self._asked: Owner | None = None
        self._stopping = asyncio.Lock()
        self._made: dict[Position, bytes] = {}
        self._unread = ""
        """The reason why the journal cannot be read at the moment."""
        self._looked = self._announced = 0.0

    async def follow(self) -> None:
        """Follows the journal until `finish`."""
        while not self.over:
            await self.catch_up()
            await asyncio.sleep(max(BATCH_SECONDS, self.viewers / SENDS_A_SECOND) if self.viewers else IDLE_SECONDS)

    async def finish(self) -> None:
        """Reads the rest of the journal, and wake every viewer for its last message."""
        await self.catch_up()
        self.over = True
        self._look()
        self._announce()

    async def catch_up(self) -> None:
        """Reads the journal in batches, so that viewers are served in between."""
        while self._take_batch():
            if time.monotonic() - self._announced > BATCH_SECONDS:
                self._announce()
            await asyncio.sleep(0)
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._look()
        if self._changed or time.monotonic() - self._announced > HEARTBEAT_SECONDS:
            self._announce()

    def next(self, known: Position) -> tuple[bytes, Position]:
        """Returns the message for a viewer at a position, and its new position.

        These are the changes, or everything if the viewer knows another journal, or none yet.
        """
        if known.journal != self._journal or known.offset > self.view.offset:
            known = Position()
        if known not in self._made:
            self._made[known] = orjson.dumps(self._content(known))
        return self._made[known], Position(self._journal, self.view.offset)

    async def stop(self) -> None:
        """Asks the sweep to stop; a second request has no further effect.

        Raises:
            SweepError: no process on this machine runs the sweep.
            StoreError: the process belongs to another user.
        """
        async with self._stopping:
            self._look()
            if self._asked is None or self._runner.owner != self._asked:
                self._asked = await asyncio.to_thread(stop, self.folder)
        self._announce()

    def _take_batch(self) -> bool:
        """Reads some events; False: there are none."""
        try:
            if self._tail.size < self.view.offset or _name(self.folder.journal) != self._journal:
                self._read_anew()
        except MorphogeneticError as error:
            self._changed = self._changed or self._unread != str(error)
            self._unread = str(error)
            return False  # for now: it is tried again
        self._unread = ""
        if self._problem:
            return False
        try:
            events = self._tail.numbered(most=self._at_once)
            for event, end in events:
                if isinstance(event, SessionStarted):
                    self.view.use(self.folder.read_info())
                self.view.apply(event, end)
        except MorphogeneticError as error:
            return self._take_what_is_good(error)
        self._changed = self._changed or bool(events)
        return bool(events)

    def _take_what_is_good(self, error: MorphogeneticError) -> bool:
        """Reads event by event up to the damaged line, and report it."""
        self._tail.offset = self.view.offset
        if self._at_once > 1:
            self._at_once = 1
            return True
        self._problem, self._changed = str(error), True
        return False

    def _read_anew(self) -> None:
        """Resets the state: a sweep that started no trial gets a new journal when it is started again."""
        self.view = SweepView(self.folder.read_info())
        self._tail = JournalTail(self.folder.journal)
        self._journal = _name(self.folder.journal)
        self._at_once = _EVENTS_AT_ONCE
        self._problem = ""
        self._changed = True

    def _look(self) -> None:
        """Looks up the process that runs the sweep now, and where its workers are."""
        self._looked = time.monotonic()
        try:
            found = None if self.over else owner(self.folder.journal)  # at the end its owner is about to release it
        except MorphogeneticError as error:
            self._unread = str(error)  # for now: it is looked up again
            return
        if found is None:
            self._asked = None
        places = None if found is None else read_places(self.folder.path)
        self._changed = self._changed or self._runner != _Runner(found, places)
        self._runner = _Runner(found, places)

    def _announce(self) -> None:
        self._announced, self._changed = time.monotonic(), False
        self._made.clear()
        self.news.set()
        self.news = asyncio.Event()

    def _state(self) -> str:
        if self._runner.owner is not None and self._runner.owner == self._asked:
            return "stopping"
        history = self.view.history
        return state_word(self.view.origin, self._runner.owner is not None, history.sessions, history.last_end)

    def _content(self, known: Position) -> dict[str, object]:
        return {
            "journal": self._journal,
            "since": known.offset,
            "offset": self.view.offset,
            "now": time.time(),
            "state": self._state(),
            "on_katib": self.view.origin is not None,
            "why_not_stop": why_not(self.view.origin, self._runner.owner),
            "problem": self._problem or self._unread,
            "over": self.over,
            "places": None if self._runner.places is None else asdict(self._runner.places),
            "sweep": None if known.journal else self.view.header(),
            **self.view.changes(known.offset),
        }


def _name(journal: Path) -> str:
    """Returns the identity of a journal; "" while it has no line."""
    try:
        with journal.open("rb") as file:
            line = file.readline()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StoreError(f"{journal}: cannot be read: {error.strerror}") from error
    return hashlib.sha256(line).hexdigest()[:16] if line.endswith(b"\n") else ""
