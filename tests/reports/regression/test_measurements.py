"""The measurements of a night: the best on fresh seeds, their durations, and the pace of the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.reports.regression.measurements import BLOCKS, measure
from morphogenetic_engine.sweeps.record.events import SessionStarted, TrialState
from morphogenetic_engine.sweeps.record.trials import Confirmation, TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}}


def confirm(record: TrialRecord, *values: float, state: TrialState = TrialState.COMPLETE) -> TrialRecord:
    for value in values:
        index = len(record.confirmations)
        record.confirmations[index] = Confirmation(500 + index, state, {"val_acc": value, "loss": -value}, 2.0 + index)
    return record


def paces(result: SweepResult) -> Sequence[float]:
    return measure(result).metrics[-1].values


def searched(ends: Sequence[float]) -> SweepResult:
    """A session from 0 seconds whose trials ended then; the last one is the best, and confirmed."""
    trials = [trial(n, {"x": n / 100}, float(n)) for n in range(len(ends))]
    for each, end in zip(trials, ends, strict=True):
        each.started, each.duration = end - 0.5, 0.5
    confirm(trials[-1], 0.5)
    return sweep(trials, X)


def test_the_objectives_are_those_of_the_best_on_its_complete_fresh_seeds() -> None:
    best = trial(1, {"x": 0.5}, 0.9, loss=1.0)
    confirm(best, 0.5, 0.7)
    confirm(best, 99.0, state=TrialState.FAILED)
    confirm(best, 0.6)
    other = confirm(trial(0, {"x": 0.1}, 0.2, loss=1.0), 1.0)
    goals = [{"metric": "val_acc"}, {"metric": "loss", "direction": "minimize"}]
    found = measure(sweep([other, best], X, objectives=goals))
    assert (found.trial, found.params, found.seeds) == (1, {"x": 0.5}, ("500", "501", "503"))
    assert [(each.metric, each.direction, each.values, each.wall_clock) for each in found.metrics] == [
        ("val_acc", "maximize", (0.5, 0.7, 0.6), False),
        ("loss", "minimize", (-0.5, -0.7, -0.6), False),
        ("training_seconds", "minimize", (2.0, 3.0, 5.0), True),
        ("trials_per_hour", "maximize", (), True),
    ]


def test_an_equal_configuration_that_was_confirmed_stands_for_the_best() -> None:
    first, twin = trial(0, {"x": 0.5}, 0.9), confirm(trial(1, {"x": 0.5}, 0.8), 0.4)
    other = confirm(trial(2, {"x": 0.1}, 0.85), 0.7)
    assert measure(sweep([first, twin, other], X)).trial == 1


@pytest.mark.parametrize(
    "trials",
    [
        [],
        [trial(0, {"x": 0.5}, 0.9), confirm(trial(1, {"x": 0.1}, 0.8), 0.4)],
        [confirm(trial(0, {"x": 0.5}, 0.9), 0.4, state=TrialState.FAILED)],
    ],
    ids=["no trial", "another one was confirmed", "its confirmation failed"],
)
def test_a_best_without_a_complete_fresh_seed_is_not_measured(trials: list[TrialRecord]) -> None:
    with pytest.raises(SweepError, match="sweep one: its best configuration was not run with fresh seeds"):
        measure(sweep(trials, X))


def test_the_pace_is_that_of_blocks_of_trials_by_their_ends() -> None:
    ends = [10.0 * n for n in range(1, 2 * BLOCKS + 1)]
    assert paces(searched(ends)) == pytest.approx([360.0] * BLOCKS)
    slower = [*ends[:-2], ends[-3] + 60, ends[-3] + 120]
    assert paces(searched(slower)) == pytest.approx([360.0] * (BLOCKS - 1) + [60.0])
    assert paces(searched([*ends, ends[-1] + 5])) == pytest.approx([360.0] * BLOCKS)


def test_too_few_trials_or_a_pause_have_no_pace() -> None:
    result = searched([10.0 * n for n in range(1, 2 * BLOCKS + 1)])
    assert paces(searched([10.0 * n for n in range(1, 2 * BLOCKS)])) == ()
    session = SessionStarted(1000.0, 2, "host", "0", 2)
    assert paces(replace(result, sessions=[*result.sessions, session])) == ()


def test_trials_that_did_not_end_do_not_count_in_the_pace() -> None:
    result = searched([10.0 * n for n in range(1, 2 * BLOCKS + 2)])
    result.trials[0].state = TrialState.RUNNING
    assert len(paces(result)) == BLOCKS
    assert paces(result)[0] == pytest.approx(3600 * 2 / 30)  # the first block ends with the third trial
