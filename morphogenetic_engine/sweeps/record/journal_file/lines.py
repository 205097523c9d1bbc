"""The lines of the journal: each is the JSON object of one event, chained to the line before by a checksum.

A line has `format` (the version), `event` (its kind), the members of the event, and at its end `check`: the CRC-32 of
all before it on this line, computed on from the check of the line before, in eight hexadecimal digits. A changed, lost,
repeated or inserted line is found thereby. Lines of format 1 have no checksum; they are read, and the first line of
format 2 after them checks them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import NoReturn
from zlib import crc32

import orjson

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.record.events import KINDS, Event, TrialReported
from morphogenetic_engine.sweeps.record.journal_file.rules import ENUMS, is_usual_report, rule_of

FORMAT = 2
_MARK = b',"check":"'
_END = b'"}\n'
_DIGITS = 8
CHECK_BYTES = len(_MARK) + _DIGITS + len(_END)
_LEFT_OUT_IF_NONE = ("parent", "saved")
"""Members that came later: a line without a value is as it was before."""
_FIELDS = {kind: frozenset(each.name for each in fields(cls)) for kind, cls in KINDS.items()}
_RULES = {kind: tuple((name, rule_of(kind, name)) for name in sorted(known)) for kind, known in _FIELDS.items()}
_ENUMS_OF = {
    kind: tuple((name, enum) for name, enum in ENUMS.items() if name in known) for kind, known in _FIELDS.items()
}


class LineChain:
    """The checksum after some lines of a journal; writes and reads the next ones."""

    def __init__(self, state: int | None = 0, *, checked: bool = False) -> None:
        """`state` is the checksum of the last line; None: after a line of format 1 in the middle of a journal, where
        the next check is taken as it is. `checked`: a line of format 2 came before."""
        self.state = state
        self._checked = checked

    def line(self, event: Event) -> bytes:
        """Returns the next line, for an event."""
        members = {"format": FORMAT, "event": event.kind, **vars(event)}
        if not members.get("left_out", True):
            del members["left_out"]
        for name in _LEFT_OUT_IF_NONE:
            if members.get(name, 0) is None:
                del members[name]
        body = orjson.dumps(members)[:-1]
        self.state, self._checked = crc32(body, self.state or 0), True
        return b"%b%b%08x%b" % (body, _MARK, self.state, _END)

    def event(self, line: bytes) -> Event:
        """Returns the event on the next line.

        Raises:
            SweepError: the line was changed, is not in its place, is no event, or is of a newer format.
        """
        if self.state is not None:
            state = crc32(line[:-CHECK_BYTES], self.state)
            if line.endswith(b"%b%08x%b" % (_MARK, state, _END)):
                event = _event_of(line, newest=FORMAT)
                self.state, self._checked = state, True
                return event
        return self._other_event(line)

    def _other_event(self, line: bytes) -> Event:
        """Returns the event on a line of format 1, or on the first one of format 2 in the middle of a journal."""
        check = stored_check(line)
        if check is None:
            event = _event_of(line, newest=1)
            if self._checked:
                raise SweepError(f"has no checksum, which the line before has: {_excerpt(line)}")
            self.state = None if self.state is None else crc32(line, self.state)
            return event
        if self.state is not None:
            belongs = crc32(line[:-CHECK_BYTES], self.state)
            raise SweepError(f"has the checksum {check:08x}, but {belongs:08x} belongs there: {_excerpt(line)}")
        event = _event_of(line, newest=FORMAT)
        self.state, self._checked = check, True
        return event


def stored_check(line: bytes) -> int | None:
    """Returns the checksum at the end of a line; None if the line has none."""
    if line[-CHECK_BYTES : -CHECK_BYTES + len(_MARK)] != _MARK or not line.endswith(_END):
        return None
    digits = line[-_DIGITS - len(_END) : -len(_END)]
    try:
        check = int(digits, 16)
    except ValueError:
        return None
    return check if b"%08x" % check == digits else None  # int() also reads capitals, spaces and signs


def body_of(line: bytes) -> bytes:
    """Returns what the checksum of a line is computed of: a line of format 1 as a whole."""
    return line if stored_check(line) is None else line[:-CHECK_BYTES]


def lines_of(events: Iterable[Event], chain: LineChain | None = None) -> Iterator[bytes]:
    """Yields the lines of events, by default of a journal from its start."""
    chain = chain or LineChain()
    return map(chain.line, events)


def events_of(content: bytes) -> list[Event]:
    """Returns the events of a whole journal; a torn last line is passed over.

    Raises:
        SweepError: a line is damaged or of a newer format.
    """
    chain = LineChain()
    return [chain.event(line) for line in content.splitlines(keepends=True) if line.endswith(b"\n")]


def _event_of(line: bytes, *, newest: int) -> Event:
    try:
        members = orjson.loads(line)
        version, kind = members.pop("format"), members.pop("event")
        if newest > 1:
            del members["check"]
        if version != newest or version is True:
            _refuse(version, line)
        for name, enum in _ENUMS_OF[kind]:
            if members.get(name) is not None:
                members[name] = enum(members[name])
        return _built(kind, members)
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise SweepError(f"is not an event: {_excerpt(line)}") from error


def _refuse(version: object, line: bytes) -> NoReturn:
    if not isinstance(version, int) or version < FORMAT:
        raise SweepError(f"is not an event: {_excerpt(line)}")
    if version == FORMAT:
        raise SweepError(f"is of format {version}, but has no checksum: {_excerpt(line)}")
    raise SweepError(f"is of format {version}, but this version reads formats up to {FORMAT}; upgrade")


def _built(kind: str, members: dict[str, object]) -> Event:
    known = _FIELDS[kind]
    event: Event
    if members.keys() == known:
        # What the frozen class's own constructor would do, in a quarter of the time: a journal has many lines.
        event = object.__new__(KINDS[kind])
        event.__dict__.update(members)
    elif not known.issuperset(members):
        raise SweepError(f"has the unknown member {min(members.keys() - known)!r}")
    else:
        event = KINDS[kind](**members)  # type: ignore[arg-type]  # the rules check their types below
        members = vars(event)
    if kind == TrialReported.kind and is_usual_report(members):
        return event
    for name, holds in _RULES[kind]:
        if not holds(members[name]):
            raise SweepError(f"has an impossible {name}: {str(members[name])[:80]!r}")
    return event


def _excerpt(line: bytes) -> str:
    return repr(line[:80].decode("utf-8", "replace"))
