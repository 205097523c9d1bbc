"""The cost of a sweep, and the savings by pruning."""

from __future__ import annotations

from dataclasses import replace

from morphogenetic_engine.reports.analysis.cost import cost_of
from morphogenetic_engine.reports.sections.run.cost import fusing_saved
from morphogenetic_engine.sweeps.record.events import TrialState
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}


def test_what_pruning_saved_is_held_against_a_complete_trial() -> None:
    trials = [trial(0, {"x": 0.5}, 0.5, curve=[0.1] * 10), trial(1, {"x": 0.5}, 0.5, curve=[0.1] * 10)]
    pruned = trial(2, {"x": 0.1}, 0.1, state=TrialState.PRUNED, curve=[0.1] * 2)
    pruned.duration = 0.25
    saved = cost_of(sweep([*trials, pruned], X)).pruning
    assert saved is not None
    assert (saved.trials, saved.steps, saved.seconds, saved.share) == (1, 8, 0.75, 8 / 30)


def test_without_pruned_trials_nothing_was_saved_and_a_median_is_typical() -> None:
    trials = [trial(n, {"x": 0.5}, 0.5) for n in range(3)]
    for each, seconds in zip(trials, (1.0, 2.0, 9.0), strict=True):
        each.duration = seconds
    cost = cost_of(sweep(trials, X))
    assert (cost.pruning, cost.median_seconds, cost.price) == (None, 2, None)


def test_the_time_that_attempts_saved_by_training_together_adds_up() -> None:
    result = sweep([trial(n, {"x": 0.5}, 0.5) for n in range(3)], X)
    assert cost_of(result).fusing_saved is None
    told = [replace(each, saved=saved) for each, saved in zip(result.attempts, (2.5, None, -1.0), strict=True)]
    assert cost_of(replace(result, attempts=told)).fusing_saved == 1.5
    assert fusing_saved(1.5) == "about 1.5 s of workers, measured against epochs trained alone"
    assert fusing_saved(-1.0) == "nothing, measured against epochs trained alone"


def test_trials_that_run_together_save_the_time_that_they_would_have_shared() -> None:
    alone = sweep(
        [trial(n, {"x": 0.5}, 0.5, state=TrialState.PRUNED if n else TrialState.COMPLETE) for n in range(4)], X
    )
    for each in alone.trials:
        each.duration = 0.25 if each.number else 2.0
    ended = [replace(each, worker=0, started=0.0, ended=1.0) for each in alone.attempts]
    together = replace(alone, attempts=ended)
    one, four = cost_of(alone).pruning, cost_of(together).pruning
    assert one is not None and four is not None
    assert (one.seconds, four.seconds) == (3 * 1.75, 3 * 1.75 / 4)
