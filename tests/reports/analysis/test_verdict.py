"""The verdict about the best: the evidence that counts, and when the verdict is withheld."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from morphogenetic_engine.reports.analysis.evidence import Evidence, evidence_of
from morphogenetic_engine.reports.analysis.overtuning import overtuning_of
from morphogenetic_engine.reports.analysis.verdict import verdict_of
from morphogenetic_engine.reports.stats.comparison import Verdict
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Confirmation, Replicate, TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.sweeps import sweep, trial

BASELINE = {"x": {"low": 0.0, "high": 1.0, "default": 0.5}}
SEEDS = 10


def confirmed(record: TrialRecord, values: Sequence[float]) -> TrialRecord:
    for index, value in enumerate(values):
        record.confirmations[index] = Confirmation(500 + index, TrialState.COMPLETE, {"val_acc": value}, 1.0)
    return record


def replicated(record: TrialRecord, values: Sequence[float]) -> TrialRecord:
    for number, value in enumerate(values):
        record.replicates[number] = Replicate(700 + number, {"val_acc": value}, 1.0, {})
    return record


def searched(best: Sequence[float], baseline: Sequence[float]) -> SweepResult:
    return sweep(
        [
            confirmed(trial(0, {"x": 0.5}, 0.5), baseline),
            confirmed(trial(1, {"x": 0.7}, 0.9), best),
            trial(2, {"x": 0.2}, 0.1),
        ],
        BASELINE,
    )


def test_fresh_seeds_prove_that_the_best_is_better_than_the_baseline() -> None:
    result = searched([0.8 + n / 1000 for n in range(SEEDS)], [0.5] * SEEDS)
    found = verdict_of(result)
    assert found is not None and found.against_baseline is not None
    assert (found.trial, found.evidence, found.seeds) == (1, Evidence.CONFIRMED, SEEDS)
    assert found.against_baseline.paired and found.against_baseline.verdict is Verdict.BETTER
    assert "Trial 1 is better than the baseline (trial 0): +0.3" in summarize(result).findings[1]


def test_fresh_seeds_unseat_a_lucky_winner() -> None:
    found = verdict_of(searched([0.4] * SEEDS, [0.5 + n / 1000 for n in range(SEEDS)]))
    assert found is not None and found.against_runner_up is not None
    assert (found.trial, found.runner_up, found.against_baseline) == (0, 1, None)
    assert found.against_runner_up.verdict is Verdict.BETTER


def test_a_runner_up_that_is_the_baseline_is_compared_once() -> None:
    found = verdict_of(searched([0.8 + n / 1000 for n in range(SEEDS)], [0.5] * SEEDS))
    assert found is not None and found.against_baseline is not None
    assert (found.runner_up, found.baseline, found.against_runner_up) == (0, 0, None)


def test_a_runner_up_of_the_same_configuration_is_no_rival() -> None:
    twins = [confirmed(trial(n, {"x": 0.7}, 0.9), [0.8 + n / 100] * SEEDS) for n in (1, 2)]
    last = confirmed(trial(3, {"x": 0.1}, 0.2), [0.1] * SEEDS)
    found = verdict_of(sweep([trial(0, {"x": 0.5}, 0.5), *twins, last], BASELINE))
    assert found is not None
    assert (found.trial, found.runner_up, found.baseline, found.against_baseline) == (2, 3, 0, None)
    assert found.against_runner_up is not None and found.against_runner_up.verdict is Verdict.BETTER


@pytest.mark.parametrize(("direction", "first"), [("maximize", 2), ("minimize", 0)])
def test_fresh_seeds_rank_by_their_mean_and_replicates_as_the_search_did(direction: str, first: int) -> None:
    trials = [trial(n, {"x": n / 10}, (-1) ** n * 0.1) for n in range(3)]
    for n, each in enumerate(trials):
        replicated(each, [1.0 - n, 1.0 - n])
    searched_order = verdict_of(sweep(trials, {"x": [0.0, 0.1, 0.2]}, direction=direction))
    assert searched_order is not None
    assert (searched_order.evidence, searched_order.trial) == (Evidence.REPLICATES, 0 if direction == "maximize" else 1)
    for n, each in enumerate(trials):
        confirmed(each, [n / 10 + 0.5, n / 10])
    found = verdict_of(sweep(trials, {"x": [0.0, 0.1, 0.2]}, direction=direction))
    assert found is not None and (found.trial, found.runner_up) == (first, 1)


def test_one_seed_is_never_more_than_one_seed() -> None:
    result = sweep([trial(n, {"x": n / 9}, n / 9) for n in range(9)], BASELINE)
    found = verdict_of(result)
    assert found is not None and found.evidence is Evidence.ONE_SEED
    assert found.against_baseline is not None and found.against_baseline.verdict is Verdict.ONE_SEED
    assert "one seed only, chosen from 9 trials" in summarize(result).findings[1]


def test_replicates_count_all_configurations_from_which_the_best_was_chosen() -> None:
    def record(number: int) -> TrialRecord:
        return replicated(trial(number, {"x": number / 50}, float(number)), [number + n / 100 for n in range(8)])

    few, many = (verdict_of(sweep([record(n) for n in range(count)], BASELINE)) for count in (2, 50))
    assert few is not None and many is not None and many.against_runner_up is not None
    assert few.against_baseline is not None and few.against_baseline.verdict is Verdict.BETTER
    assert many.against_runner_up.verdict is Verdict.NOT_ENOUGH_SEEDS
    assert many.against_runner_up.smallest_p == pytest.approx(49 * 2 / 2**8)


def test_a_searched_seed_makes_trials_the_runs_of_one_configuration() -> None:
    trials = [trial(n, {"x": n // 6 / 2, "seed": n % 6}, n // 6 + n % 6 / 100) for n in range(12)]
    result = sweep(trials, {"x": [0.0, 0.5], "seed": list(range(6))})
    found = verdict_of(result)
    assert found is not None and found.against_runner_up is not None
    assert (found.evidence, found.seeds, found.against_runner_up.paired) == (Evidence.SEED_AXIS, 6, True)
    assert found.against_runner_up.verdict is Verdict.BETTER
    assert list(evidence_of(result, trials[0], "val_acc")[Evidence.SEED_AXIS]) == [0, 1, 2, 3, 4, 5]


def test_nothing_is_said_without_a_complete_trial() -> None:
    empty = sweep([], BASELINE)
    assert verdict_of(empty) is None and overtuning_of(empty) is None


def test_a_value_that_fresh_seeds_do_not_reach_is_warned_of() -> None:
    found = overtuning_of(searched([0.6 + n / 1000 for n in range(SEEDS)], [0.5] * SEEDS))
    assert found is not None and found.shrinkage is not None and found.warning
    assert found.shrinkage.loss == pytest.approx(0.9 - 0.6045)


def test_a_value_that_fresh_seeds_reach_is_not_warned_of() -> None:
    found = overtuning_of(searched([0.9 + (-1) ** n / 100 for n in range(SEEDS)], [0.5] * SEEDS))
    assert found is not None and not found.warning


def test_a_choice_that_is_worse_on_the_test_split_is_warned_of() -> None:
    trials = [trial(0, {"x": 0.1}, 0.5, test_acc=0.6), trial(1, {"x": 0.2}, 0.7, test_acc=0.4)]
    found = overtuning_of(sweep(trials, BASELINE))
    assert found is not None and found.held_out is not None
    assert (found.held_out.metric, found.held_out.best_incumbent) == ("test_acc", 0)
    assert found.held_out.loss == pytest.approx(0.2) and found.warning


@pytest.mark.parametrize(
    ("best", "candidates", "warned"),
    [
        (trial(0, {"x": 0.1}, 0.9), 1, False),
        (trial(0, {"x": 0.1}, 0.9), 2, True),
        (replicated(trial(0, {"x": 0.1}, 0.9), [0.9]), 2, True),
        (replicated(trial(0, {"x": 0.1}, 0.9), [0.9, 0.9]), 2, False),
        (confirmed(trial(0, {"x": 0.1}, 0.9), [0.9]), 2, True),
        (confirmed(trial(0, {"x": 0.1}, 0.9), [0.9, 0.9]), 2, False),
    ],
    ids=["alone", "one seed", "one replicate", "two replicates", "one fresh seed", "two fresh seeds"],
)
def test_the_best_of_several_is_warned_of_until_two_seeds_know_it(
    best: TrialRecord, candidates: int, warned: bool
) -> None:
    found = overtuning_of(sweep([best, trial(1, {"x": 0.2}, 0.1)][:candidates], BASELINE))
    assert found is not None and (found.candidates, found.warning) == (candidates, warned)


@pytest.mark.parametrize(("mean", "warned"), [(0.74, True), (0.76, False), (0.86, False)])
def test_two_standard_errors_of_the_fresh_mean_are_chance(mean: float, warned: bool) -> None:
    fresh = [mean - 0.1, mean - 0.1, mean + 0.1, mean + 0.1]  # a deviation of 0.115, a standard error of 0.058
    found = overtuning_of(sweep([confirmed(trial(0, {"x": 0.1}, 0.87), fresh), trial(1, {"x": 0.2}, 0.1)], BASELINE))
    assert found is not None and found.warning is warned
    assert found.shrinkage is not None and found.shrinkage.fresh_deviation == pytest.approx(0.2 / 3**0.5)


def test_where_less_is_better_a_promise_is_broken_by_more() -> None:
    trials = [confirmed(trial(0, {"x": 0.1}, 0.2), [0.5, 0.7]), trial(1, {"x": 0.2}, 0.3)]
    found = overtuning_of(sweep(trials, BASELINE, direction="minimize"))
    assert found is not None and found.shrinkage is not None
    assert (found.shrinkage.search_value, found.shrinkage.seeds) == (0.2, 2)
    assert [found.shrinkage.fresh_mean, found.shrinkage.loss] == pytest.approx([0.6, 0.4])


def test_one_fresh_seed_has_no_deviation_and_a_loss() -> None:
    found = overtuning_of(sweep([confirmed(trial(0, {"x": 0.1}, 0.9), [0.5])], BASELINE))
    assert found is not None and found.shrinkage is not None and not found.warning
    assert found.shrinkage.fresh_deviation is None and found.shrinkage.loss == pytest.approx(0.4)


def test_a_choice_that_is_the_best_on_the_test_split_lost_nothing() -> None:
    record = replicated(trial(1, {"x": 0.2}, 0.7, test_acc=0.6), [0.7, 0.7])
    trials = [trial(0, {"x": 0.1}, 0.5, test_acc=0.6), record, trial(2, {"x": 0.3}, 0.6, test_acc=0.9)]
    found = overtuning_of(sweep(trials, BASELINE))  # the third was never the best so far
    assert found is not None and found.held_out is not None and not found.warning
    assert (found.held_out.best_incumbent, found.held_out.of_best, found.held_out.loss) == (1, 0.6, 0)


def test_fresh_seeds_that_failed_are_said_beside_the_mean_of_the_others() -> None:
    result = searched([0.9 + n / 1000 for n in range(SEEDS)], [0.5] * SEEDS)
    best = next(each for each in result.trials if each.number == 1)
    for index in range(3):
        best.confirmations[index] = Confirmation(500 + index, TrialState.FAILED, {}, 1.0)
    found = overtuning_of(result)
    assert found is not None and found.warning
    assert [(each.trial, each.failed, each.runs) for each in found.lost_seeds] == [(1, 3, SEEDS)]
    assert f"On fresh seeds 3 of {SEEDS} runs of trial 1 failed" in summarize(result).findings[1]
