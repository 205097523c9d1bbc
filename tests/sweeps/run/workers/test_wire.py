"""The lines that workers send: parsed as messages, or rejected."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.run.messages import Ended, PausedAttempt, Replicated, Reported, Stale
from morphogenetic_engine.sweeps.run.workers.wire import (
    BadLine,
    Leaving,
    Ready,
    Rejected,
    WorkerMessage,
    read_message,
)

KEY = {"trial": 3, "attempt": 1}
MESSAGES: list[tuple[dict[str, object], WorkerMessage]] = [
    ({"kind": "ready"}, Ready()),
    ({"kind": "leaving"}, Leaving()),
    ({"kind": "rejected", "error": "ConfigError", "message": "no"}, Rejected("ConfigError", "no")),
    (
        {"kind": "reported", **KEY, "step": 2, "metrics": {"a": 1.5}, "replicate": None},
        Reported(3, 1, 2, {"a": 1.5}),
    ),
    (
        {"kind": "replicated", **KEY, "replicate": 0, "seed": 7, "metrics": {"a": 1.5}, "duration": 0.5},
        Replicated(3, 1, 0, 7, {"a": 1.5}, 0.5),
    ),
    (
        {"kind": "ended", **KEY, "state": "complete", "metrics": {"a": 1.5}},
        Ended(3, 1, TrialState.COMPLETE, {"a": 1.5}),
    ),
    (
        {"kind": "ended", **KEY, "state": "failed", "reason": "killed", "message": "no"},
        Ended(3, 1, TrialState.FAILED, reason=FailureReason.KILLED, message="no"),
    ),
    (
        {"kind": "ended", **KEY, "state": "complete", "metrics": {"a": 1.5}, "left_out": {"b": 2}},
        Ended(3, 1, TrialState.COMPLETE, {"a": 1.5}, left_out={"b": 2}),
    ),
    (
        {"kind": "ended", **KEY, "state": "pruned", "message": "no", "saved": 1.5},
        Ended(3, 1, TrialState.PRUNED, message="no", saved=1.5),
    ),
    ({"kind": "paused", **KEY}, PausedAttempt(3, 1)),
    ({"kind": "paused", **KEY, "saved": -0.5}, PausedAttempt(3, 1, -0.5)),
    ({"kind": "stale", **KEY}, Stale(3, 1)),
]


@pytest.mark.parametrize(("members", "message"), MESSAGES)
def test_a_message_is_read_as_what_it_is(members: dict[str, object], message: WorkerMessage) -> None:
    assert read_message(json.dumps(members).encode()) == message


@given(st.sampled_from(MESSAGES), st.data())
def test_a_message_with_a_member_of_another_type_is_refused(
    message: tuple[dict[str, object], WorkerMessage], data: st.DataObject
) -> None:
    members = dict(message[0])
    name = data.draw(st.sampled_from(sorted(members)))
    members[name] = data.draw(st.sampled_from([[1], {"a": True}, "?", 2.5, True, 10**30]))
    if name in {"error", "message"} and members[name] == "?":
        return  # any text is allowed here
    if name in {"duration", "saved"} and members[name] in (2.5, 10**30):
        return
    if name == "replicate" and members["kind"] == "reported" and members[name] is None:
        return
    with pytest.raises(BadLine):
        read_message(json.dumps(members).encode())


@given(st.binary(max_size=60))
def test_other_bytes_are_refused(line: bytes) -> None:
    with pytest.raises(BadLine, match="^is no message: "):
        read_message(line)
