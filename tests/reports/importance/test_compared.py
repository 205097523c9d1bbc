"""The trials that importance compares: by their final results, or by the rungs that a halving trained them to."""

from __future__ import annotations

import random
from dataclasses import replace

from morphogenetic_engine.reports.figures.importance import importance_figure
from morphogenetic_engine.reports.importance.compared import ReachedRung, compared
from morphogenetic_engine.reports.importance.importance import importance_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Objective
from tests.reports.halvings import X, halving, stopped
from tests.reports.sweeps import sweep, trial

VAL_ACC = Objective(metric="val_acc")


def places(result: SweepResult) -> dict[int, float]:
    found = compared(result, VAL_ACC)
    return {each.number: loss for each, loss in zip(found.trials, found.losses, strict=True)}


def test_trials_that_went_further_come_first_whatever_their_values() -> None:
    trials = [
        stopped(0, 0.5),
        stopped(1, 0.9, 0.6),
        stopped(2, 0.4),
        stopped(3, 0.8, 0.7, complete=0.3),
        stopped(4, 0.4),
        stopped(5, 0.7, 0.65, complete=0.75),
        trial(6, {"x": 0.5, "y": 0.5}, state=TrialState.FAILED),
    ]
    assert places(halving(trials)) == {5: 0, 3: 1, 1: 2, 0: 3, 2: 4, 4: 4}
    assert compared(halving(trials), VAL_ACC).rungs == (ReachedRung(2, 3), ReachedRung(6, 1), ReachedRung(18, 2))


def test_a_smaller_objective_is_better_where_it_is_minimized() -> None:
    trials = [stopped(0, 0.5), stopped(1, 0.4), stopped(2, 0.3, 0.2)]
    smaller = sweep(trials, X, strategy="halving", halving={"full": 18}, direction="minimize")
    found = compared(smaller, Objective(metric="val_acc", direction="minimize"))
    assert [each.number for each in found.trials] == [2, 1, 0]


def test_the_trial_that_measured_the_full_length_counts_where_it_would_have_been_stopped() -> None:
    measured = trial(0, {"x": 0.5, "y": 0.5}, 0.99, curve=[0.1] * 17 + [0.99])
    others = [stopped(1, 0.9, 0.6), stopped(2, 0.4), stopped(3, 0.8, 0.7, complete=0.8)]
    assert places(halving([measured, *others])) == {3: 0, 1: 1, 2: 2, 0: 3}
    good = replace(measured, curve={**measured.curve, 1: {"val_acc": 0.85}, 5: {"val_acc": 0.75}})
    assert places(halving([good, *others])) == {0: 0, 3: 1, 1: 2, 2: 3}


def test_without_rungs_the_final_results_are_compared() -> None:
    trials = [trial(n, {"x": 0.5, "y": 0.5}, n / 4) for n in range(4)]
    found = compared(sweep(trials, X), VAL_ACC)
    assert found.losses == (0.0, -0.25, -0.5, -0.75) and not found.rungs


def test_the_parameter_that_decides_who_is_stopped_is_the_most_important() -> None:
    chance = random.Random(5)
    points = sorted((chance.random() for _ in range(54)), reverse=True)
    trials = [
        stopped(n, x, *(() if n > 17 else (x,)), complete=None if n > 5 else chance.random(), x=x)
        for n, x in enumerate(points)
    ]
    for each in trials:
        each.params = {"x": each.params["x"], "y": chance.random()}
    result = halving(trials)
    found = importance_of(result, VAL_ACC, "PED-ANOVA")
    assert found.trials == 54 and found.withheld is None
    assert found.parameters[0].parameter == "x" and found.parameters[0].clear
    assert found.basis == (
        "by the rung that each reached, then by val_acc there (reports): 36 after 2, 12 after 6, 6 after 18"
    )
    assert "36 after 2, 12 after 6, 6 after 18." in importance_figure([found]).left_out
