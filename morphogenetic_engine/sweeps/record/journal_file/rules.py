"""The rules for the values of events, checked when a journal is read: types, ranges, finite numbers."""

# pylint: disable=unidiomatic-typecheck  # a bool is an int, but no number here
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState

Rule = Callable[[object], bool]

_LATEST = 253_402_300_800.0
"""The first second of the year 10000, which no calendar here can show."""
_MOST_WORKERS = 1_000_000
_LARGEST_COUNT = 2**53
_LARGEST_SEED = 2**64


def is_number(value: object) -> bool:
    """Returns True for a finite number, which is not a boolean."""
    return (type(value) is float and math.isfinite(value)) or type(value) is int


def _is_time(value: object) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value < _LATEST


def _is_duration(value: object) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value < math.inf


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST_COUNT


def _is_count_or_none(value: object) -> bool:
    return value is None or _is_count(value)


def _is_number_or_none(value: object) -> bool:
    return value is None or is_number(value)


def _is_worker(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MOST_WORKERS


def _is_seed(value: object) -> bool:
    return type(value) is int and 0 <= value < _LARGEST_SEED


def _is_step(value: object) -> bool:
    return type(value) is int


def _is_text(value: object) -> bool:
    return type(value) is str


def _are_metrics(value: object) -> bool:
    return type(value) is dict and all(map(is_number, value.values()))


def _are_counts(value: object) -> bool:
    return type(value) is dict and all(map(_is_count, value.values()))


def _are_params(value: object) -> bool:
    return type(value) is dict and all(type(each) in _VALUES and not _is_nan(each) for each in value.values())


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _is_final(value: object) -> bool:
    return isinstance(value, TrialState) and value.final


_VALUES = frozenset({bool, int, float, str})


def _is_reason(value: object) -> bool:
    return type(value) is FailureReason


def _is_reason_or_none(value: object) -> bool:
    return value is None or type(value) is FailureReason


def _is_outcome(value: object) -> bool:
    return type(value) is Outcome


_RULES: Mapping[str, Rule] = {
    "time": _is_time,
    "trial": _is_count,
    "attempt": _is_count,
    "worker": _is_worker,
    "max_parallel": _is_worker,
    "pid": _is_count,
    "index": _is_count,
    "seed": _is_seed,
    "step": _is_step,
    "replicate": _is_count,
    "duration": _is_duration,
    "saved": _is_number_or_none,
    "metrics": _are_metrics,
    "params": _are_params,
    "parent": _is_count_or_none,
    "rung": _is_count,
    "steps": _is_count,
    "left_out": _are_counts,
    "state": _is_final,
    "outcome": _is_outcome,
    "reason": _is_reason_or_none,
}
_EXCEPTIONS: Mapping[tuple[str, str], Rule] = {
    ("trial_reported", "replicate"): _is_count_or_none,
    ("attempt_failed", "reason"): _is_reason,
}
ENUMS: Mapping[str, type[StrEnum]] = {"state": TrialState, "reason": FailureReason, "outcome": Outcome}


def rule_of(kind: str, name: str) -> Rule:
    """Returns the rule for a member of a kind of event; members without a rule of their own are text."""
    return _EXCEPTIONS.get((kind, name)) or _RULES.get(name, _is_text)


def is_usual_report(members: Mapping[str, object]) -> bool:
    """Returns True for the members of a report as it usually is, in one look: they are most of a journal."""
    time, trial, attempt, metrics = members["time"], members["trial"], members["attempt"], members["metrics"]
    if not (type(time) is float and type(trial) is int and type(attempt) is int and type(metrics) is dict):
        return False
    if not (0 <= time < _LATEST and 0 <= trial <= _LARGEST_COUNT and 0 <= attempt <= _LARGEST_COUNT):
        return False
    if members["replicate"] is not None or type(members["step"]) is not int:
        return False
    for value in metrics.values():
        if type(value) is not float or not -math.inf < value < math.inf:
            return False
    return True
