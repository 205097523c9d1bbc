"""Finds the whole lines of a damaged journal, and the trials that they tell completely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.record.events import (
    ConfirmationEnded,
    Event,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialPromoted,
    TrialStarted,
)
from morphogenetic_engine.sweeps.record.journal_file.lines import CHECK_BYTES, LineChain, stored_check

Found = Event | None
"""The event of a whole line; None: something is missing here."""


@dataclass(frozen=True)
class Survey:
    """The intact part of a damaged journal."""

    kept: Sequence[Event]
    """The events of sessions, and those of trials that are told completely."""
    damaged: int
    """The number of lines that are not whole."""
    lost: Sequence[int]
    """The trials of which something may be missing; they have to run again."""


def survey(content: bytes) -> Survey:
    """Returns what is left of a journal; a torn last line, which was never acted on, is not counted as damage."""
    found = list(_found(content))
    lost = _incomplete(found)
    kept = [each for each in found if each is not None and _trial_of(each) not in lost]
    return Survey(kept, _damaged(content, found), sorted(lost))


def _damaged(content: bytes, found: Sequence[Found]) -> int:
    return len(_lines(content)) - sum(each is not None for each in found)


def _lines(content: bytes) -> list[bytes]:
    *lines, torn = content.split(b"\n")
    del torn
    return [line + b"\n" for line in lines]


@dataclass
class _Place:
    """The checksums that the line before may have had."""

    last: int | None = 0
    """That of the last whole line; None: the lines before are of format 1, and one of them is damaged."""
    candidates: set[int] = field(default_factory=set)
    """After damaged lines: those that they store, and those that they should have."""
    unsure: bytes | None = None
    """The line before, if it may be whole but for its own checksum."""
    gap: bool = False


def _found(content: bytes) -> Iterator[Found]:
    place, chained = _Place(), False
    for line in _lines(content):
        check = stored_check(line)
        if check is None and not chained and (event := _event(line, LineChain(None))) is not None:
            if place.gap:
                yield None
            yield event
            place = _Place(None if place.gap or place.last is None else crc32(line, place.last))
            continue
        chained = chained or check is not None
        starts = {place.last, *place.candidates} - {None}
        fitting = [start for start in starts if start is not None and crc32(line[:-CHECK_BYTES], start) == check]
        event = _event(line, LineChain(fitting[0])) if fitting else None
        if event is None:
            place = _after_damage(place, line, check)
            continue
        yield from _reconsidered(place, fitting[0])
        yield event
        place = _Place(check)
    if place.gap:
        yield None


def _after_damage(place: _Place, line: bytes, check: int | None) -> _Place:
    computed = set() if place.last is None else {crc32(line[:-CHECK_BYTES], place.last)}
    unsure = line if not place.gap and computed else None
    return _Place(place.last, computed | ({check} if check is not None else set()), unsure, gap=True)


def _reconsidered(place: _Place, start: int) -> Iterator[Found]:
    """Yields what stood before a whole line that is chained to `start`."""
    if not place.gap or start == place.last:
        return  # what is between was inserted, and nothing is missing
    if place.unsure is not None and place.last is not None:
        body = place.unsure[:-CHECK_BYTES]
        if crc32(body, place.last) == start:  # its checksum alone was damaged
            mended = b'%b,"check":"%08x"}\n' % (body, start)
            yield _event(mended, LineChain(place.last))
            return
    yield None


def _event(line: bytes, chain: LineChain) -> Found:
    try:
        return chain.event(line)
    except SweepError:
        return None


def _incomplete(found: Iterable[Found]) -> set[int]:
    """Returns the trials of which an event may be missing."""
    attempts: dict[int, int] = {}
    unended: set[int] = set()
    lost: set[int] = set()
    for event in found:
        if event is None:
            lost |= unended
            continue
        number = _trial_of(event)
        if number is None:
            continue
        attempt = _attempt_of(event)
        if isinstance(event, TrialStarted):
            if event.attempt != attempts.get(number, -1) + 1:
                lost.add(number)
            attempts[number] = event.attempt
            unended.add(number)
        elif number not in attempts or attempt not in (None, attempts[number]):
            lost.add(number)
        elif isinstance(event, TrialEnded):
            unended.discard(number)
    return lost


def _trial_of(event: Event) -> int | None:
    return None if isinstance(event, SessionStarted | SessionEnded) else event.trial


def _attempt_of(event: Event) -> int | None:
    match event:
        case SessionStarted() | SessionEnded() | ConfirmationEnded() | TrialPromoted():
            return None
    return event.attempt
