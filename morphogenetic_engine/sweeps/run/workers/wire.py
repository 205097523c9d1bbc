"""Reads the lines that a worker sends: anything but a message of the protocol is an error, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import orjson

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.run.messages import (
    Ended,
    Message,
    PausedAttempt,
    Replicated,
    Reported,
    ReturnedAttempt,
    Stale,
    Unwritable,
)


@dataclass(frozen=True)
class Ready:
    """The workload is loaded."""

    most: int = 1
    """The number of trials that it trains at once."""


@dataclass(frozen=True)
class Rejected:
    """The workload cannot be loaded, or does not take the sweep."""

    error: str
    message: str


@dataclass(frozen=True)
class Leaving:
    """The process ends by itself after its next message and takes no further task."""


@dataclass(frozen=True)
class Died:
    """The process has ended; `status` as subprocess gives it (negative: the signal)."""

    status: int
    cause: str = ""
    """The reason why the coordinator ended it, if it did."""
    lost: str = ""
    """The reason why it cannot be reached any more, if it was lost with its machine."""


WorkerMessage = Ready | Rejected | Leaving | Message | Unwritable | Died

_T = TypeVar("_T")


class BadLine(ValueError):
    """A line that is no message."""


def read_message(line: bytes) -> WorkerMessage:
    """Returns the message that a line holds.

    Raises:
        BadLine: it holds none.
    """
    try:
        members = orjson.loads(line)
        match members["kind"]:
            case "ready":
                return Ready(_of(int, members.get("most", 1)))
            case "leaving":
                return Leaving()
            case "rejected":
                return Rejected(_of(str, members["error"]), _of(str, members["message"]))
            case kind:
                return _of_attempt(_of(str, kind), _of(int, members["trial"]), _of(int, members["attempt"]), members)
    except (ValueError, KeyError, TypeError) as error:
        raise BadLine(f"is no message: {line[:80]!r}") from error


def _of_attempt(kind: str, trial: int, attempt: int, members: Mapping[str, object]) -> Message | Unwritable:
    match kind:
        case "reported":
            replicate = members["replicate"]
            known = None if replicate is None else _of(int, replicate)
            return Reported(trial, attempt, _of(int, members["step"]), _metrics(members["metrics"]), known)
        case "replicated":
            number, seed = _of(int, members["replicate"]), _of(int, members["seed"])
            metrics, duration = _metrics(members["metrics"]), _of(float, members["duration"])
            return Replicated(trial, attempt, number, seed, metrics, duration)
        case "ended":
            reason = members.get("reason")
            return Ended(
                trial,
                attempt,
                TrialState(_of(str, members["state"])),
                _metrics(members.get("metrics", {})),
                None if reason is None else FailureReason(_of(str, reason)),
                _of(str, members.get("message", "")),
                _counts(members.get("left_out", {})),
                _saved(members),
            )
        case "paused":
            return PausedAttempt(trial, attempt, _saved(members))
        case "returned":
            return ReturnedAttempt(trial, attempt, _of(str, members["message"]))
        case "stale":
            return Stale(trial, attempt)
        case "unwritable":
            return Unwritable(trial, attempt, _of(str, members["message"]))
    raise ValueError(kind)


def _metrics(value: object) -> Mapping[str, float]:
    metrics: dict[str, float] = _of(dict, value)
    for each in metrics.values():
        _of(float, each)
    return metrics


def _counts(value: object) -> Mapping[str, int]:
    counts: dict[str, int] = _of(dict, value)
    for each in counts.values():
        _of(int, each)
    return counts


def _saved(members: Mapping[str, object]) -> float | None:
    saved = members.get("saved")
    return None if saved is None else _of(float, saved)


def _of(kind: type[_T], value: object) -> _T:
    """Returns a value of exactly this type."""
    if type(value) is not kind:  # pylint: disable=unidiomatic-typecheck  # True is no integer here
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
