"""Events and their lines: exact inverses, chained by checksums; garbage and changed bytes are told as such."""

from __future__ import annotations

import re
from typing import get_args

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from morphogenetic_engine.errors import FailureReason, SweepError
from morphogenetic_engine.sweeps.record import events
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialState
from morphogenetic_engine.sweeps.record.journal_file.lines import LineChain, events_of, lines_of
from morphogenetic_engine.trial import Params

TIME = st.floats(0, 1e11)
NUMBER = st.integers(0, 2**31)
WORKER = st.integers(0, 1000)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUE = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
METRICS = st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=3)
SAVED = st.none() | st.floats(-1e6, 1e6)
FINAL = st.sampled_from([TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED])
REASON = st.sampled_from(FailureReason)
EVENTS = st.one_of(
    st.builds(events.SessionStarted, TIME, NUMBER, TEXT, TEXT, WORKER, TEXT),
    st.builds(events.SessionEnded, TIME, st.sampled_from(Outcome), TEXT),
    st.builds(events.TrialStarted, TIME, NUMBER, NUMBER, WORKER, NUMBER, st.dictionaries(TEXT, VALUE, max_size=3)),
    st.builds(events.TrialReported, TIME, NUMBER, NUMBER, st.integers(-(2**31), 2**31), METRICS, st.none() | NUMBER),
    st.builds(events.ReplicateEnded, TIME, NUMBER, NUMBER, NUMBER, NUMBER, METRICS, TIME),
    st.builds(events.AttemptFailed, TIME, NUMBER, NUMBER, REASON, TEXT),
    st.builds(events.TrialInterrupted, TIME, NUMBER, NUMBER),
    st.builds(events.TrialPaused, TIME, NUMBER, NUMBER, NUMBER, METRICS, TIME, SAVED),
    st.builds(events.TrialPromoted, TIME, NUMBER, NUMBER),
    st.builds(events.StepsRepeated, TIME, NUMBER, NUMBER, NUMBER),
    st.builds(
        events.TrialEnded,
        *(TIME, NUMBER, NUMBER, FINAL, TIME, METRICS, st.none() | REASON, TEXT),
        st.dictionaries(TEXT, st.integers(1, 99), max_size=2),
        SAVED,
    ),
    st.builds(
        events.ConfirmationEnded,
        *(TIME, NUMBER, NUMBER, NUMBER, FINAL, TIME),
        *(METRICS, st.none() | REASON, TEXT),
    ),
)


def test_every_kind_of_event_is_covered_here() -> None:
    assert len(get_args(Event)) == 12


@given(EVENTS)
def test_a_line_reads_back_as_its_event(event: Event) -> None:
    line = LineChain().line(event)
    again = LineChain().event(line)
    assert again == event
    assert LineChain().line(again) == line
    assert [type(value) for value in vars(again).values()] == [type(value) for value in vars(event).values()]


@given(EVENTS)
def test_an_event_is_one_line_with_its_format_kind_and_time(event: Event) -> None:
    line = LineChain().line(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    members = orjson.loads(line)
    assert list(members)[:3] == ["format", "event", "time"]
    assert members["format"] == 2
    assert list(members)[-1] == "check"


def test_the_values_of_parameters_keep_their_types() -> None:
    params: Params = {"a": True, "b": 1, "c": 1.0, "d": "1"}
    event = LineChain().event(LineChain().line(events.TrialStarted(0.0, 0, 0, 0, 0, params)))
    assert isinstance(event, events.TrialStarted)
    assert [type(value) for value in event.params.values()] == [bool, int, float, str]


def test_a_line_of_format_1_is_read_for_ever() -> None:
    line = (
        b'{"format":1,"event":"trial_ended","time":1.5,"trial":3,"attempt":0,"state":"failed","duration":2.0,'
        b'"metrics":{},"reason":"timeout","message":"ran longer than 2 s"}\n'
    )
    expected = events.TrialEnded(1.5, 3, 0, TrialState.FAILED, 2.0, {}, FailureReason.TIMEOUT, "ran longer than 2 s")
    assert LineChain().event(line) == expected


def test_members_with_defaults_may_be_left_out() -> None:
    line = b'{"format":1,"event":"session_ended","time":1,"outcome":"finished"}\n'
    assert LineChain().event(line) == events.SessionEnded(1, Outcome.FINISHED)


def test_a_newer_format_is_refused_with_what_to_do() -> None:
    with pytest.raises(SweepError, match="^is of format 3, but this version reads formats up to 2; upgrade$"):
        LineChain().event(b'{"format":3,"event":"something_new","time":1}\n')


def test_an_unknown_member_is_named() -> None:
    with pytest.raises(SweepError, match="^has the unknown member 'colour'$"):
        LineChain().event(b'{"format":1,"event":"trial_interrupted","time":1,"trial":1,"attempt":0,"colour":"red"}\n')


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"\x00\x00\n",
        b"\xff\n",
        b"null\n",
        b"[]\n",
        b"3\n",
        b'"text"\n',
        b"{}\n",
        b'{"format":1}\n',
        b'{"format":true,"event":"trial_interrupted","time":1,"trial":1,"attempt":0}\n',
        b'{"format":0,"event":"trial_interrupted","time":1,"trial":1,"attempt":0}\n',
        b'{"format":"1","event":"trial_interrupted","time":1,"trial":1,"attempt":0}\n',
        b'{"format":1,"event":"nonsense"}\n',
        b'{"format":1,"event":["trial_interrupted"]}\n',
        b'{"format":1,"event":"trial_interrupted","time":1}\n',
        b'{"format":1,"event":"session_ended","time":1,"outcome":"sideways"}\n',
    ],
)
def test_garbage_is_no_event(line: bytes) -> None:
    shown = repr(line[:80].decode(errors="replace"))
    with pytest.raises(SweepError, match=f"^is not an event: {re.escape(shown)}$"):
        LineChain().event(line)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_sweep_error(line: bytes) -> None:
    with pytest.raises(SweepError):
        LineChain().event(line)


@pytest.mark.parametrize("state", TrialState)
def test_final_states_are_those_that_a_trial_does_not_leave(state: TrialState) -> None:
    assert state.final == (state in {"complete", "pruned", "failed"})


JOURNALS = st.lists(EVENTS, min_size=2, max_size=5)


@given(JOURNALS)
def test_a_journal_reads_back_as_its_events(journal: list[Event]) -> None:
    assert events_of(b"".join(lines_of(journal))) == journal


@given(JOURNALS, st.data())
def test_a_changed_bit_before_the_last_line_is_noticed(journal: list[Event], data: st.DataObject) -> None:
    *lines, last = lines_of(journal)
    whole = b"".join(lines)
    changed = bytearray(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SweepError):
        events_of(bytes(changed) + last)


@given(JOURNALS, st.data())
def test_lines_that_are_lost_repeated_or_swapped_are_noticed(journal: list[Event], data: st.DataObject) -> None:
    lines = list(lines_of(journal))
    one, other = sorted((data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines) - 1))))
    match data.draw(st.sampled_from(["lost", "repeated", "swapped"])):
        case "lost":
            assume(one < len(lines) - 1)  # a journal without its end is one of an earlier time
            del lines[one]
        case "repeated":
            lines.insert(other, lines[one])
        case "swapped":
            assume(one != other)
            lines[one], lines[other] = lines[other], lines[one]
    with pytest.raises(SweepError):
        events_of(b"".join(lines))


def _old(event: Event) -> bytes:
    return orjson.dumps({"format": 1, "event": event.kind, **vars(event)}, option=orjson.OPT_APPEND_NEWLINE)


@given(JOURNALS, JOURNALS)
def test_a_journal_of_format_1_goes_on_in_format_2_which_checks_it_too(old: list[Event], new: list[Event]) -> None:
    chain, start = LineChain(), b"".join(map(_old, old))
    for line in start.splitlines(keepends=True):
        chain.event(line)
    rest = b"".join(lines_of(new, chain))
    assert events_of(start + rest) == [*old, *new]
    with pytest.raises(SweepError, match="checksum"):
        events_of(start[: start.index(b"\n") + 1] + rest)
    with pytest.raises(SweepError, match="^has no checksum, which the line before has"):
        events_of(start + rest + _old(old[0]))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("time", b"-1"),
        ("time", b"1e300"),
        ("time", b'"1"'),
        ("time", b"true"),
        ("trial", b"-1"),
        ("trial", b"1.0"),
        ("trial", b"null"),
        ("attempt", b"true"),
        ("step", b"0.5"),
        ("metrics", b"[]"),
        ("metrics", b'{"a":"1"}'),
        ("metrics", b'{"a":null}'),
        ("metrics", b'{"a":true}'),
        ("replicate", b"-1"),
        ("replicate", b'""'),
    ],
)
def test_an_impossible_value_is_named(member: str, value: bytes) -> None:
    members = {b"time": b"1.5", b"trial": b"0", b"attempt": b"0", b"step": b"0", b"metrics": b'{"a":0.5}'}
    members[member.encode()] = value
    line = b'{"format":1,"event":"trial_reported",%b}\n' % b",".join(b'"%b":%b' % pair for pair in members.items())
    with pytest.raises(SweepError, match=f"^has an impossible {member}: "):
        LineChain().event(line)


def test_an_attempt_fails_for_a_reason_and_a_trial_ends_in_a_final_state() -> None:
    failed = b'{"format":1,"event":"attempt_failed","time":1,"trial":1,"attempt":0,"reason":null,"message":""}\n'
    with pytest.raises(SweepError, match="^has an impossible reason: 'None'"):
        LineChain().event(failed)
    ended = b'{"format":1,"event":"trial_ended","time":1,"trial":1,"attempt":0,"state":"running","duration":1}\n'
    with pytest.raises(SweepError, match="^has an impossible state: 'running'"):
        LineChain().event(ended)
