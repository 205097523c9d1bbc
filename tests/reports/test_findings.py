"""The five lines of findings: each agrees with the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from morphogenetic_engine.reports.analysis.correlation import correlations_of
from morphogenetic_engine.reports.analysis.cost import cost_of
from morphogenetic_engine.reports.analysis.edges import edge_warnings
from morphogenetic_engine.reports.analysis.failed.failures import failures_of
from morphogenetic_engine.reports.analysis.overtuning import overtuning_of
from morphogenetic_engine.reports.analysis.verdict import verdict_of
from morphogenetic_engine.reports.findings import duration, findings_of
from morphogenetic_engine.reports.importance.importance import Importance, ParameterImportance
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Confirmation, TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0, "default": 0.5}}
TWO_GOALS = [{"metric": "val_acc"}, {"metric": "loss", "direction": "minimize"}]


def findings(result: SweepResult, importance: Sequence[Importance] = (), price: float | None = None) -> tuple[str, ...]:
    return findings_of(
        result,
        verdict=verdict_of(result),
        overtuning=overtuning_of(result),
        importance=importance,
        correlations=correlations_of(result),
        edges=edge_warnings(result),
        failures=failures_of(result),
        cost=cost_of(result, price_per_hour=price),
    )


def confirmed(record: TrialRecord, *values: float) -> TrialRecord:
    for index, value in enumerate(values):
        record.confirmations[index] = Confirmation(500 + index, TrialState.COMPLETE, {"val_acc": value}, 1.0)
    return record


def along(*values: float) -> list[TrialRecord]:
    """Trials in the middle of the range."""
    return [trial(n, {"x": 0.4 + n / 100}, value) for n, value in enumerate(values)]


def steady(*starts: float) -> SweepResult:
    """Trials that ten fresh seeds know, each a little above its start."""
    trials = along(*(0.1 * (n + 1) for n in range(len(starts))))
    return sweep(
        [confirmed(each, *[start + n / 1000 for n in range(10)]) for each, start in zip(trials, starts, strict=True)], X
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "40 ms"),
        (0.05, "0.1 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (47 * 3600 + 60, "47 h 1 min"),
        (48 * 3600, "2 d"),
        (52 * 3600 + 59, "2 d 4 h"),
    ],
)
def test_a_duration_is_said_in_the_units_of_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("direction", "line"),
    [
        ("maximize", "Best: trial 1 with val_acc 0.9, the highest of 3 complete trials, at x=0.41."),
        ("minimize", "Best: trial 0 with val_acc 0.1, the lowest of 3 complete trials, at x=0.4."),
    ],
)
def test_the_best_is_the_highest_or_the_lowest(direction: str, line: str) -> None:
    assert findings(sweep(along(0.1, 0.9, 0.5), X, direction=direction))[0] == line


def test_equals_of_the_best_are_counted() -> None:
    assert "(shared with 1 other), at" in findings(sweep(along(0.9, 0.9, 0.5), X))[0]
    assert "(shared with 2 others), at" in findings(sweep(along(0.9, 0.9, 0.9), X))[0]
    assert "of the only complete trial, at x=0.4." in findings(sweep(along(0.9), X))[0]
    assert findings(sweep([], X))[0] == "No trial is complete, so there is no best."


def test_of_several_objectives_the_front_is_counted() -> None:
    def best_line(*losses: float) -> str:
        trials = [trial(n, {"x": 0.5}, n / 10, loss=loss) for n, loss in enumerate(losses)]
        return findings(sweep(trials, X, objectives=TWO_GOALS))[0]

    assert best_line(3.0, 2.0, 1.0).endswith(". It is the best by val_acc and loss alike.")
    assert best_line(1.0, 3.0, 2.0).endswith(" no other trial beats 2 of them, the Pareto front.")
    assert "Pareto" not in findings(sweep(along(0.1, 0.9), X))[0]


def test_one_seed_says_how_many_it_was_chosen_from() -> None:
    assert "one seed only, chosen from 2 trials, so part of" in findings(sweep(along(0.1, 0.9), X))[1]
    assert findings(sweep(along(0.1), X))[1].endswith("there is nothing to compare it with.")


def test_what_fresh_seeds_say_is_said_with_its_rival() -> None:
    assert findings(steady(0.4, 0.5))[1] == (
        "Trial 1 is better than the baseline (trial 0): +0.1 (p = 0.002, 10 pairs), by fresh seeds."
    )
    assert findings(steady(0.5, 0.4))[1] == (
        "Over several seeds trial 0 comes first. Trial 0 is better than trial 1: +0.1 (p = 0.002, 10 pairs),"
        " by fresh seeds."
    )
    assert findings(steady(0.4))[1] == ("Not tested: fresh seeds of one configuration only.")


def test_too_few_or_like_seeds_are_said_to_be() -> None:
    few = sweep([confirmed(each, each.number + 0.1, each.number + 0.2) for each in along(0.1, 0.2)], X)
    assert findings(few)[1] == (
        "Not enough seeds to distinguish trial 1 from the baseline (trial 0): 2 pairs, smallest possible p 0.5,"
        " by fresh seeds. `sweep confirm` adds fresh ones."
    )
    assert findings(steady(0.4, 0.4))[1].startswith(
        "Over several seeds trial 0 comes first. No difference shown between"
    )


def test_the_three_clearest_parameters_are_named() -> None:
    shares = [
        ParameterImportance(name, 0.2, 0.1, 0.3, noise)
        for name, noise in zip("abcde", (0.0, 0.0, 9.0, 0.0, 0.0), strict=True)
    ]
    found = Importance("PED-ANOVA", "val_acc", 30, tuple(shares), ())
    result = sweep(along(0.1, 0.9), X)
    assert findings(result, [found])[2] == "Most important for val_acc: a (20%), b (20%), d (20%), by PED-ANOVA."
    nothing = replace(found, parameters=(shares[2],))
    assert findings(result, [nothing, found])[2] == (
        "No parameter is more important than chance explains (PED-ANOVA, 30 trials)."
    )
    withheld = replace(found, withheld="too few trials")
    assert findings(result, [withheld, found])[2] == "Parameter importance is not known: too few trials."
    assert len(findings(result)) == len(findings(result, [found])) - 1


def test_failures_and_ends_of_the_space_are_in_one_line() -> None:
    failed = [trial(n, {"x": n / 10}, state=TrialState.FAILED, message="no") for n in (8, 9)]
    clear = [trial(n, {"x": 0.97 if n == 7 else n / 20}, n / 10) for n in range(8)]
    assert findings(sweep([*clear, *failed], X))[2] == "x is best at its upper end (1); 2 of 10 trials failed."
    assert findings(sweep(failed[:1], X))[1] == "1 of 1 trial failed."
    space = {name: {"low": 0.0, "high": 1.0} for name in "abc"}
    trials = [trial(n, {name: 1 - n / 40 for name in "abc"}, 1 - n / 40) for n in range(40)]
    assert (
        findings(sweep(trials, space))[2]
        == "a is best at its upper end (1): widen it; b is best at its upper end (1): widen it."
    )


def test_failures_that_crowd_are_said_to() -> None:
    trials = [trial(n, {"x": n / 40}, 0.5) for n in range(30)]
    trials += [trial(n, {"x": n / 40}, state=TrialState.FAILED, message="no") for n in range(30, 40)]
    (line,) = [line for line in findings(sweep(trials, X)) if "failed" in line and "Spent" not in line]
    assert line.endswith("10 of 40 trials failed, most where x is 0.7 or more.")


def test_trials_that_ran_together_are_said_to_overlap() -> None:
    result = sweep(along(0.1, 0.9, 0.5, 0.4), X)
    together = [replace(each, worker=0, started=0.0, ended=1.0 + each.trial) for each in result.attempts]
    result = replace(result, attempts=together)
    assert "10 s of trials (up to 4 at once in a worker, 2.5 on average), workers" in findings(result)[-1]


def test_what_was_spent_is_said_with_its_price() -> None:
    result = sweep([*along(0.1, 0.9, 0.5), trial(3, {"x": 0.5}, state=TrialState.FAILED)], X)
    spent = "Spent: 2.0 s on the clock, 4.0 s of trials, workers busy 100%"
    assert findings(result)[-1] == f"{spent} (3 complete, 1 failed)."
    assert findings(result, price=3600)[-1] == f"{spent}; price 4.00 (3 complete, 1 failed)."
    assert findings(result, price=36)[-1] == f"{spent}; price 0.0400 (3 complete, 1 failed)."
    assert findings(sweep([], X))[-1] == "Spent: 0 s on the clock, 0 s of trials (no trial)."


def test_what_pruning_saved_is_said() -> None:
    whole = trial(0, {"x": 0.5}, 0.5, curve=[0.1] * 10)
    pruned = trial(1, {"x": 0.4}, 0.1, state=TrialState.PRUNED, curve=[0.1] * 2)
    pruned.duration = 0.25
    assert "; pruning saved about 0.8 s (1 complete, 1 pruned)." in findings(sweep([whole, pruned], X))[-1]
    pruned.duration = 0.99
    assert "pruning" not in findings(sweep([whole, pruned], X))[-1]
