"""The values of a configuration and their origin: fresh seeds, replicates, a searched seed, one run."""

from __future__ import annotations

from morphogenetic_engine.reports.analysis.evidence import (
    Evidence,
    evidence_of,
    replicate_values,
    seed_of,
    strongest_of,
)
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Confirmation, Replicate, TrialRecord
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}
SEEDED = {"x": [0.0, 0.5], "seed": [0, 1]}


def confirm(record: TrialRecord, index: int, *, state: TrialState = TrialState.COMPLETE, **metrics: float) -> None:
    record.confirmations[index] = Confirmation(500 + index, state, metrics, 1.0)


def replicate(record: TrialRecord, number: int, **metrics: float) -> None:
    record.replicates[number] = Replicate(700 + number, metrics, 1.0, {})


def test_only_complete_runs_that_have_the_metric_count_in_the_order_of_their_numbers() -> None:
    one = trial(0, {"x": 0.5}, 0.9)
    confirm(one, 3, val_acc=0.3)
    confirm(one, 2, state=TrialState.FAILED, val_acc=0.2)
    confirm(one, 1, val_acc=0.1)
    confirm(one, 0, loss=1.0)
    for number in (2, 0, 1):
        replicate(one, number, val_acc=number / 10, **({"loss": 5.0} if number else {}))
    found = evidence_of(sweep([one], X), one, "val_acc")
    assert list(found) == [Evidence.CONFIRMED, Evidence.REPLICATES, Evidence.ONE_SEED]
    assert list(found[Evidence.CONFIRMED].items()) == [(501, 0.1), (503, 0.3)]
    assert list(found[Evidence.REPLICATES].items()) == [(700, 0.0), (701, 0.1), (702, 0.2)]
    assert found[Evidence.ONE_SEED] == {100: 0.9}
    assert replicate_values(one, "loss") == {701: 5.0, 702: 5.0}


def test_one_replicate_is_one_seed() -> None:
    one = trial(0, {"x": 0.5}, 0.9)
    replicate(one, 0, val_acc=0.9)
    assert list(evidence_of(sweep([one], X), one, "val_acc")) == [Evidence.ONE_SEED]


def test_nothing_is_known_of_what_did_not_finish_or_has_no_such_metric() -> None:
    complete, pruned = trial(0, {"x": 0.5}, 0.9), trial(1, {"x": 0.5}, 0.7, state=TrialState.PRUNED)
    result = sweep([complete, pruned], X)
    assert not evidence_of(result, pruned, "val_acc")
    assert not evidence_of(result, complete, "loss")


def test_the_strongest_evidence_counts_for_all_that_have_it() -> None:
    trials = [trial(n, {"x": n / 9}, n / 10) for n in range(4)]
    result = sweep(trials, X)
    assert strongest_of(result, "val_acc") == (Evidence.ONE_SEED, {n: {100 + n: n / 10} for n in range(4)})
    for number in (1, 2):
        replicate(trials[number], 0, val_acc=0.1)
        replicate(trials[number], 1, val_acc=0.2)
    assert strongest_of(result, "val_acc") == (Evidence.REPLICATES, {n: {700: 0.1, 701: 0.2} for n in (1, 2)})
    confirm(trials[0], 0, val_acc=0.5)
    assert strongest_of(result, "val_acc") == (Evidence.CONFIRMED, {0: {500: 0.5}})


def test_a_parameter_named_seed_overrules_the_trials_own() -> None:
    assert seed_of(trial(3, {"x": 0.5})) == 103
    assert seed_of(trial(3, {"x": 0.5, "seed": 7})) == 7


def test_the_trials_of_one_configuration_are_its_values_by_searched_seed() -> None:
    known = [(0.0, 0), (0.5, 1), (0.0, 1), (0.5, 0)]
    trials = [trial(n, {"x": x, "seed": seed}, n / 10) for n, (x, seed) in enumerate(known)]
    result = sweep(trials, SEEDED)
    assert strongest_of(result, "val_acc") == (Evidence.SEED_AXIS, {3: {1: 0.1, 0: 0.3}, 2: {0: 0.0, 1: 0.2}})
    assert evidence_of(result, trials[0], "val_acc") == {
        Evidence.SEED_AXIS: {0: 0.0, 1: 0.2},
        Evidence.ONE_SEED: {0: 0.0},
    }


def test_a_configuration_that_ran_with_one_searched_seed_only_is_not_known_from_several() -> None:
    known = [(0.0, 0), (0.0, 1), (0.5, 0)]
    trials = [trial(n, {"x": x, "seed": seed}, n / 10) for n, (x, seed) in enumerate(known)]
    result = sweep(trials, SEEDED)
    assert strongest_of(result, "val_acc") == (Evidence.SEED_AXIS, {1: {0: 0.0, 1: 0.1}})
    assert list(evidence_of(result, trials[2], "val_acc")) == [Evidence.ONE_SEED]


def test_a_configuration_that_a_search_met_twice_is_not_known_from_two_seeds() -> None:
    trials = [trial(n, {"x": 0.5}, n / 10) for n in range(2)]
    result = sweep(trials, X)
    assert strongest_of(result, "val_acc") == (Evidence.ONE_SEED, {1: {101: 0.1}, 0: {100: 0.0}})
    assert list(evidence_of(result, trials[0], "val_acc")) == [Evidence.ONE_SEED]
