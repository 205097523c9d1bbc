"""Events and their lines: exact inverses, and garbage that is told as such."""

from __future__ import annotations

import re
from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import FailureReason, SweepError
from morphogenetic_engine.sweeps.record import events
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialState, from_line, to_line
from morphogenetic_engine.trial import Params

TIME = st.floats(0, 1e11)
NUMBER = st.integers(0, 2**31)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUE = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
METRICS = st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=3)
REASON = st.sampled_from(FailureReason)
EVENTS = st.one_of(
    st.builds(events.SessionStarted, TIME, NUMBER, TEXT, TEXT, NUMBER),
    st.builds(events.SessionEnded, TIME, st.sampled_from(Outcome), TEXT),
    st.builds(events.TrialStarted, TIME, NUMBER, NUMBER, NUMBER, NUMBER, st.dictionaries(TEXT, VALUE, max_size=3)),
    st.builds(events.TrialReported, TIME, NUMBER, NUMBER, st.integers(-(2**31), 2**31), METRICS, st.none() | NUMBER),
    st.builds(events.ReplicateEnded, TIME, NUMBER, NUMBER, NUMBER, NUMBER, METRICS, TIME),
    st.builds(events.AttemptFailed, TIME, NUMBER, NUMBER, REASON, TEXT),
    st.builds(events.TrialInterrupted, TIME, NUMBER, NUMBER),
    st.builds(events.TrialPaused, TIME, NUMBER, NUMBER, NUMBER, METRICS, TIME),
    st.builds(events.TrialPromoted, TIME, NUMBER, NUMBER),
    st.builds(events.StepsRepeated, TIME, NUMBER, NUMBER, NUMBER),
    st.builds(
        events.TrialEnded,
        *(TIME, NUMBER, NUMBER, st.sampled_from(TrialState), TIME, METRICS, st.none() | REASON, TEXT),
        st.dictionaries(TEXT, st.integers(1, 99), max_size=2),
    ),
    st.builds(
        events.ConfirmationEnded,
        *(TIME, NUMBER, NUMBER, NUMBER, st.sampled_from(TrialState), TIME),
        *(METRICS, st.none() | REASON, TEXT),
    ),
)


def test_every_kind_of_event_is_covered_here() -> None:
    assert len(get_args(Event)) == 12


@given(EVENTS)
def test_a_line_reads_back_as_its_event(event: Event) -> None:
    line = to_line(event)
    again = from_line(line)
    assert again == event
    assert to_line(again) == line
    assert [type(value) for value in vars(again).values()] == [type(value) for value in vars(event).values()]


@given(EVENTS)
def test_an_event_is_one_line_with_its_format_kind_and_time(event: Event) -> None:
    line = to_line(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    members = orjson.loads(line)
    assert list(members)[:3] == ["format", "event", "time"]
    pauses = isinstance(event, events.TrialPaused | events.TrialPromoted | events.StepsRepeated)
    assert members["format"] == (2 if pauses else 1)


def test_the_values_of_parameters_keep_their_types() -> None:
    params: Params = {"a": True, "b": 1, "c": 1.0, "d": "1"}
    event = from_line(to_line(events.TrialStarted(0.0, 0, 0, 0, 0, params)))
    assert isinstance(event, events.TrialStarted)
    assert [type(value) for value in event.params.values()] == [bool, int, float, str]


def test_a_line_of_format_1_is_read_for_ever() -> None:
    line = (
        b'{"format":1,"event":"trial_ended","time":1.5,"trial":3,"attempt":0,"state":"failed","duration":2.0,'
        b'"metrics":{},"reason":"timeout","message":"ran longer than 2 s"}\n'
    )
    expected = events.TrialEnded(1.5, 3, 0, TrialState.FAILED, 2.0, {}, FailureReason.TIMEOUT, "ran longer than 2 s")
    assert from_line(line) == expected
    assert to_line(expected) == line


def test_a_line_of_format_2_is_read_for_ever() -> None:
    line = (
        b'{"format":2,"event":"trial_paused","time":1.5,"trial":3,"attempt":1,"step":7,"metrics":{"val_acc":0.5},'
        b'"duration":2.0}\n'
    )
    assert from_line(line) == events.TrialPaused(1.5, 3, 1, 7, {"val_acc": 0.5}, 2.0)
    assert to_line(events.TrialPaused(1.5, 3, 1, 7, {"val_acc": 0.5}, 2.0)) == line


def test_members_with_defaults_may_be_left_out() -> None:
    line = b'{"format":1,"event":"session_ended","time":1,"outcome":"finished"}\n'
    assert from_line(line) == events.SessionEnded(1, Outcome.FINISHED)


def test_a_newer_format_is_refused_with_what_to_do() -> None:
    with pytest.raises(SweepError, match="^is of format 3, but this version reads formats up to 2; upgrade$"):
        from_line(b'{"format":3,"event":"something_new","time":1}\n')


def test_an_unknown_member_is_named() -> None:
    with pytest.raises(SweepError, match="^has the unknown member 'colour'$"):
        from_line(b'{"format":1,"event":"trial_interrupted","time":1,"trial":1,"attempt":0,"colour":"red"}\n')


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
        b'{"format":"1","event":"trial_interrupted","time":1,"trial":1,"attempt":0}\n',
        b'{"format":1,"event":"nonsense"}\n',
        b'{"format":1,"event":["trial_interrupted"]}\n',
        b'{"format":1,"event":"trial_interrupted","time":1}\n',
        b'{"format":1,"event":"session_ended","time":1,"outcome":"sideways"}\n',
    ],
)
def test_garbage_is_no_event(line: bytes) -> None:
    with pytest.raises(SweepError, match=f"^is not an event: {re.escape(repr(line[:80]))}$"):
        from_line(line)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_sweep_error(line: bytes) -> None:
    with pytest.raises(SweepError):
        from_line(line)


@pytest.mark.parametrize("state", TrialState)
def test_final_states_are_those_that_a_trial_does_not_leave(state: TrialState) -> None:
    assert state.final == (state in {"complete", "pruned", "failed"})
