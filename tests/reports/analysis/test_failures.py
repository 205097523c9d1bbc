"""Failures by reason, and the regions of the space where they are more frequent."""

from __future__ import annotations

import math

import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.reports.analysis.failed.failures import failures_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}


def failing(region: float, count: int = 40) -> SweepResult:
    def end(x: float) -> TrialState:
        return TrialState.FAILED if x > region else TrialState.COMPLETE

    values = [number / count for number in range(count)]
    return sweep(
        [
            trial(n, {"x": x}, None if end(x) is TrialState.FAILED else x, state=end(x), message=f"loss {n} nan")
            for n, x in enumerate(values)
        ],
        X,
    )


def test_failures_are_grouped_by_message_and_found_where_they_crowd() -> None:
    found = failures_of(failing(0.79))
    assert [(group.reason, len(group.trials)) for group in found.groups] == [("exception", 8)]
    (region,) = found.regions
    assert (region.region.low, region.failed, region.ended, region.failed_elsewhere) == (0.8, 8, 8, 0)
    assert region.p < 0.001


def test_each_reason_is_found_where_it_crowds_and_no_region_is_said_twice() -> None:
    """Small networks run out of time, large steps diverge: together they crowd nowhere in particular."""
    space = {"lr": {"low": 1e-4, "high": 1.0, "log": True}, "size": ["small", "large"], "x": {"low": 0.0, "high": 1.0}}
    trials = []
    for n in range(60):
        params: dict[str, float | str] = {"lr": 10 ** (-4 + n / 15), "size": "small" if n % 6 == 0 else "large"}
        reason = FailureReason.NON_FINITE_METRIC if n >= 48 else FailureReason.TIMEOUT if n % 6 == 0 else None
        made = trial(n, {**params, "x": n * 7 % 60 / 60}, None if reason else 0.5)
        made.state, made.reason = (TrialState.FAILED if reason else TrialState.COMPLETE), reason
        trials.append(made)
    found = failures_of(sweep(trials, space)).regions
    assert {(each.region.parameter, each.region.label, each.reason) for each in found} == {
        ("lr", "0.158489 to 0.857696", "non_finite_metric"),
        ("size", "small", "timeout"),
    }
    assert all(each.failed_elsewhere == 0 for each in found)


def test_failures_by_chance_have_no_region() -> None:
    ends = [TrialState.FAILED if n % 7 == 0 else TrialState.COMPLETE for n in range(40)]
    trials = [trial(n, {"x": n / 40}, 0.0, state=state) for n, state in enumerate(ends)]
    assert not failures_of(sweep(trials, X)).regions


def test_the_largest_group_of_failures_comes_first_with_what_it_cost() -> None:
    messages = ["\n  once 3\nmore", "often 17", "often 4", "x" * 200]
    trials = [trial(n, {"x": 0.5}, state=TrialState.FAILED, message=text) for n, text in enumerate(messages)]
    trials.append(trial(4, {"x": 0.5}, 0.5))
    trials[0].crashes, trials[4].exceptions = 2, 3
    found = failures_of(sweep(trials, X))
    assert (found.failed, found.ended, found.tried_again) == (4, 5, 5)
    assert [(each.message, each.trials, each.seconds) for each in found.groups] == [
        ("often 17", (1, 2), 2),
        ("once 3", (0,), 1),
        ("x" * 159 + "…", (3,), 1),
    ]


def test_the_clearest_region_of_failures_comes_first() -> None:
    def record(n: int) -> TrialRecord:
        state = TrialState.FAILED if n % 4 == 3 else TrialState.COMPLETE
        return trial(n, {"odd": n % 2 == 1, "kind": "abcd"[n % 4]}, 0.5, state=state)

    found = failures_of(sweep([record(n) for n in range(40)], {"odd": [False, True], "kind": list("abcd")})).regions
    assert [(each.region.value, each.failed, each.ended, each.failed_elsewhere) for each in found] == [
        ("d", 10, 10, 0),
        (True, 10, 20, 0),
    ]
    assert found[0].p == pytest.approx(6 / math.comb(40, 10))  # of six regions


def test_the_headline_of_a_traceback_is_its_last_line() -> None:
    message = "Traceback (most recent call last):\n  File x\nValueError: bad"
    found = failures_of(sweep([trial(0, {"x": 0.5}, state=TrialState.FAILED, message=message)], X))
    assert found.groups[0].message == "ValueError: bad"
