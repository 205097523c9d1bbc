"""Comparisons of named sweeps and trials, and of whole sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.reports.analysis.evidence import Evidence
from morphogenetic_engine.reports.comparison.comparison_report import compare_candidates
from morphogenetic_engine.reports.stats.comparison import Verdict
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Confirmation, TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Params
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0, "default": 0.5}}


def named(
    sweep_id: str, trials: Sequence[TrialRecord], commit: str = "a", fixed: Params | None = None, **optimization: object
) -> SweepResult:
    result = sweep(trials, X, workers=2, fixed=fixed, **optimization)
    return replace(result, info=result.info.model_copy(update={"sweep_id": sweep_id, "git_commit": commit}))


def along(*values: float, first: int = 0, **metrics: float) -> list[TrialRecord]:
    """Trials at x = 0, 0.1, ..."""
    found = [trial(first + n, {"x": n / 10}, value) for n, value in enumerate(values)]
    for each in found:
        each.metrics = {**each.metrics, **metrics}
    return found


def confirmed(record: TrialRecord, *values: float) -> TrialRecord:
    for index, value in enumerate(values):
        record.confirmations[index] = Confirmation(500 + index, TrialState.COMPLETE, {"val_acc": value}, 1.0)
    return record


def test_a_sweep_is_its_best_and_a_trial_is_itself() -> None:
    one = named("one", [trial(0, {"x": 0.5}, 0.2), *along(0.7, 0.3, first=1)])
    found = compare_candidates({"one": one}, ["one", "one:2", "one:baseline"]).candidates
    assert [(each.name, each.trial, dict(each.params)) for each in found] == [
        ("one", 1, {"x": 0.0}),
        ("one:2", 2, {"x": 0.1}),
        ("one:baseline", 0, {"x": 0.5}),
    ]
    assert all((each.sweep_id, each.evidence, each.one_seed) == ("one", Evidence.ONE_SEED, True) for each in found)


def test_the_first_is_compared_with_each_of_the_others() -> None:
    one = named("one", [confirmed(each, *[each.number + n / 10 for n in range(8)]) for each in along(0.1, 0.2, 0.3)])
    found = compare_candidates({"one": one}, ["one:2", "one:0", "one:1"])
    assert [(each.one, each.other) for each in found.comparisons] == [("one:2", "one:0"), ("one:2", "one:1")]
    assert [each.difference for each in found.comparisons] == pytest.approx([2, 1])
    assert {each.verdict for each in found.comparisons} == {Verdict.BETTER}
    assert found.comparisons[0].corrected_p == pytest.approx(2 * 2 / 2**8)
    assert [each.name for each in found.profiles] == ["one:2", "one:0", "one:1"]
    assert found.candidates[0].spread.values == pytest.approx([2 + n / 10 for n in range(8)])
    assert not found.candidates[0].one_seed and not found.sweeps and not found.shared and not found.notes


def test_the_metric_that_is_asked_for_is_compared_in_the_direction_that_suits_it() -> None:
    results = {"one": named("one", along(0.1, 0.2, val_loss=3.0, speed=5.0))}
    directions = {
        metric: compare_candidates(results, ["one:0", "one:1"], metric=metric).direction
        for metric in ("val_acc", "val_loss", "speed")
    }
    assert directions == {"val_acc": "maximize", "val_loss": "minimize", "speed": "maximize"}
    goal = {"metric": "speed", "direction": "minimize"}
    chosen = {"one": named("one", along(0.1, 0.2, speed=5.0), objectives=[{"metric": "val_acc"}, goal])}
    report = compare_candidates(chosen, ["one:0", "one:1"], metric="speed")
    assert (report.metric, report.direction) == ("speed", "minimize")
    assert report.candidates[0].spread.values == (5.0,)
    with pytest.raises(ConfigError, match="has no metric 'val_los'; did you mean 'val_loss'"):
        compare_candidates(results, ["one:0", "one:1"], metric="val_los")


def test_a_trial_without_the_metric_is_not_compared() -> None:
    pruned = trial(2, {"x": 0.9}, 0.5, state=TrialState.PRUNED)
    with pytest.raises(ConfigError, match="compare: one:2: trial 2 is pruned and has no val_acc"):
        compare_candidates({"one": named("one", [*along(0.1, 0.2), pruned])}, ["one", "one:2"])
    with pytest.raises(ConfigError, match="compare: two: sweep two has no complete trial"):
        compare_candidates({"one": named("one", along(0.1)), "two": named("two", [])}, ["one", "two"])


def test_all_are_compared_by_the_strongest_evidence_that_they_share() -> None:
    one, other, _ = trials = along(0.1, 0.2, 0.3)
    confirmed(one, 0.4, 0.5)
    results = {"one": named("one", trials)}
    mixed = compare_candidates(results, ["one:0", "one:1"])
    assert [each.evidence for each in mixed.candidates] == [Evidence.ONE_SEED] * 2
    assert mixed.notes == ("one:0: has fresh seeds, which the others lack; confirm them on fresh seeds",)
    confirmed(other, 0.6, 0.7)
    same = compare_candidates(results, ["one:0", "one:1"])
    assert [each.evidence for each in same.candidates] == [Evidence.CONFIRMED] * 2
    assert same.comparisons[0].difference == pytest.approx(-0.2) and not same.notes


def test_values_from_different_sources_are_said_to_be() -> None:
    only_fresh = confirmed(trial(1, {"x": 0.5}, state=TrialState.PRUNED), 0.4, 0.5)
    found = compare_candidates({"one": named("one", [*along(0.1), only_fresh])}, ["one:0", "one:1"])
    assert [each.evidence for each in found.candidates] == [Evidence.ONE_SEED, Evidence.CONFIRMED]
    (note,) = found.notes
    assert note.startswith("the values come from different sources (one:0: one seed, one:1: fresh seeds);")


def test_the_best_of_many_from_one_seed_is_said_to_be_lucky() -> None:
    results = {"one": named("one", along(0.1, 0.3, 0.2)), "two": named("two", along(0.4))}
    assert compare_candidates(results, ["one", "two"]).notes == (
        "one: one seed only, and chosen as the best of 3 trials: part of its value is luck",
    )
    assert not compare_candidates(results, ["one:0", "two"]).notes


def test_sweeps_of_other_code_or_other_given_values_are_said_to_be() -> None:
    results = {
        "one": named("one", along(0.1), fixed={"depth": 3, "width": 1}),
        "two": named("two", along(0.2), commit="b", fixed={"depth": 4, "width": 1, "extra": True}),
    }
    assert compare_candidates(results, ["one", "two"]).notes == (
        "the sweeps ran at different commits: a difference may come from the code",
        "the sweeps differ in fixed parameters too: depth, extra",
    )


def test_whole_sweeps_are_summed_up() -> None:
    running = trial(3, {"x": 0.9}, state=TrialState.RUNNING)
    results: Mapping[str, SweepResult] = {
        "one": named("one", [*along(0.1, 0.8, 0.3), running]),
        "two": named("two", along(0.5)),
        "low": named("low", along(0.1, 0.8, 0.3, 0.4), direction="minimize"),
    }
    one, two = compare_candidates(results, ["one", "two", "one:1"]).sweeps
    assert (one.sweep_id, one.complete, one.best, one.median, one.trial_seconds) == ("one", 3, 0.8, 0.3, 4)
    assert (two.sweep_id, two.complete, two.best, two.median, two.trial_seconds) == ("two", 1, 0.5, 0.5, 1)
    assert [each.name for each in compare_candidates(results, ["one", "two", "one:1"]).profiles] == ["one", "two"]
    assert compare_candidates(results, ["low", "one"]).sweeps[0].best == 0.1


def test_configurations_that_sweeps_share_are_compared_in_pairs() -> None:
    twice = trial(20, {"x": 0.0}, 0.3)
    results = {
        "one": named("one", [*along(0.1, 0.2, 0.3, 0.4), twice]),
        "two": named("two", along(0.5, 0.6, 0.7)),
        "far": named("far", [trial(0, {"x": 0.95}, 0.5)]),
    }
    (found,) = compare_candidates(results, ["one", "far", "two"]).shared
    assert (found.one, found.other, found.configurations) == ("one", "two", 3)
    assert found.comparison.paired
    assert found.comparison.values_one == pytest.approx([0.2, 0.2, 0.3])
    assert found.comparison.values_other == (0.5, 0.6, 0.7)


def test_configurations_that_only_one_sweep_measured_are_not_shared() -> None:
    results = {
        "one": named("one", along(0.1, 0.2, loss=1.0)),
        "two": named("two", [trial(0, {"x": 0.0}, 0.5), trial(1, {"x": 0.9}, 0.6, loss=2.0)]),
    }
    found = compare_candidates(results, ["one", "two"], metric="loss")
    assert not found.shared
    assert found.sweeps[1].complete == 1


def test_trials_that_outcome_constraints_rule_out_are_not_counted() -> None:
    trials = [*along(0.1, 0.2, 0.3, size=1.0), *along(0.8, 0.9, first=3, size=9.0)]
    limited = named("limited", trials, outcome_constraints={"size": {"max": 2}})
    free = named("free", along(0.1, 0.2, 0.3, 0.8, 0.9))
    found = compare_candidates({"limited": limited, "free": free}, ["limited", "free"])
    assert [(each.complete, each.best, each.median) for each in found.sweeps] == [(3, 0.3, 0.2), (5, 0.9, 0.3)]
    assert [each.runs for each in found.profiles] == [3, 5]
    assert [each.configurations for each in found.shared] == [3]
    note = "limited: outcome constraints rule out 2 of 5 complete trials (size <= 2: 2), which are not counted"
    assert note in found.notes
