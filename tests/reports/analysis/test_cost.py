"""The cost of a sweep, and the savings by pruning."""

from __future__ import annotations

from morphogenetic_engine.reports.analysis.cost import cost_of
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
