"""Suggestions that learn: the results that they depend on, and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaStrategy
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER, Earlier, earlier_than, ended_by_now
from morphogenetic_engine.trial import Params, text
from tests.bayesian_history import CONDITIONAL, MIXED, NUMBERS, End, Ends, config_of, in_state, record, score, suggested

TRIALS = 14
LEARNING = ("TPE", "CmaEs", "NSGAII", "GP")
CASES: list[tuple[str, Mapping[str, object]]] = [
    ("TPE", MIXED),
    ("TPE", CONDITIONAL),
    ("NSGAII", MIXED),
    ("NSGAII", CONDITIONAL),
    ("Random", MIXED),
    ("Random", CONDITIONAL),
    ("QMC", MIXED),
    ("CmaEs", NUMBERS),
]
STATES = (TrialState.COMPLETE, TrialState.COMPLETE, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED)

every_sampler = pytest.mark.parametrize(
    ("sampler", "parameters"), CASES, ids=[f"{name}-{next(iter(space))}" for name, space in CASES]
)
histories = st.lists(st.sampled_from(STATES), min_size=TRIALS, max_size=TRIALS)
numbers = st.integers(0, TRIALS - 1)


def ending(states: Sequence[TrialState], changed: Mapping[int, float] | None = None) -> Ends:
    """Lets each trial end in its state; the values of some are changed."""
    return lambda number, params: in_state(states[number], params, (changed or {}).get(number, 0.0))


def best_case(number: int, params: Params) -> End:
    """Every trial completes."""
    return in_state(STATES[number % 3], params)


@every_sampler
@given(states=histories, changed=numbers, lookahead=st.integers(1, 5))
@settings(max_examples=6)
def test_a_result_changes_no_suggestion_before_lookahead_trials_later(
    sampler: str, parameters: Mapping[str, object], states: list[TrialState], changed: int, lookahead: int
) -> None:
    config = config_of(sampler, parameters, lookahead=lookahead)
    before = suggested(config, ending(states))
    states[changed] = TrialState.PRUNED if states[changed] is TrialState.FAILED else states[changed]
    after = suggested(config, ending(states, {changed: 2.5}))
    assert after[: changed + lookahead] == before[: changed + lookahead]


@pytest.mark.parametrize("sampler", LEARNING)
def test_a_result_changes_suggestions_from_lookahead_trials_later(sampler: str) -> None:
    trials = 8 if sampler == "GP" else TRIALS
    config = config_of(sampler, {"x": NUMBERS["x"], "rate": NUMBERS["rate"]}, lookahead=2, n_trials=trials)
    before = suggested(config, best_case)
    worst = min((3, 4, 5), key=lambda number: score(before[number]))
    after = suggested(config, lambda number, params: End(value=score(params) + 99 * (number == worst)))
    assert after[: worst + 2] == before[: worst + 2]
    assert after[worst + 2 :] != before[worst + 2 :]


@every_sampler
@given(states=histories, restarts=st.sets(numbers, min_size=1), lookahead=st.integers(1, 5), seed=st.integers(0, 99))
@settings(max_examples=6)
def test_a_process_that_takes_over_at_any_trial_suggests_the_same(
    sampler: str,
    parameters: Mapping[str, object],
    states: list[TrialState],
    restarts: set[int],
    lookahead: int,
    seed: int,
) -> None:
    config = config_of(sampler, parameters, lookahead=lookahead, seed=seed)
    assert suggested(config, ending(states), restarts=restarts) == suggested(config, ending(states))


def test_gaussian_processes_keep_the_same_rule() -> None:
    config = config_of("GP", {"x": NUMBERS["x"], "drop": NUMBERS["drop"]}, lookahead=2, n_trials=8)
    states = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED, *[TrialState.COMPLETE] * 5]
    calm = suggested(config, ending(states))
    assert suggested(config, ending(states), restarts={3, 7}) == calm
    assert suggested(config, ending(states, {4: 3.0}))[:6] == calm[:6]


@pytest.mark.parametrize(("sampler", "parameters"), [case for case in CASES if case[1] is not CONDITIONAL])
def test_another_seed_gives_other_suggestions(sampler: str, parameters: Mapping[str, object]) -> None:
    ones, others = (suggested(config_of(sampler, parameters, seed=seed), best_case) for seed in (1, 2))
    assert ones != others
    assert all(one["x"] != other["x"] for one, other in zip(ones, others, strict=True))


@every_sampler
def test_values_are_exactly_those_of_the_space_and_of_its_types(sampler: str, parameters: Mapping[str, object]) -> None:
    config = config_of(sampler, parameters, n_trials=24)
    for params in suggested(config, best_case):
        for name, value in params.items():
            written = config.space.axes[name].parse(text(value))
            assert (written, type(written)) == (value, type(value))


@pytest.mark.parametrize("sampler", ["TPE", "NSGAII", "Random"])
def test_a_parameter_is_there_exactly_when_its_condition_holds(sampler: str) -> None:
    config = config_of(sampler, CONDITIONAL, n_trials=30)
    points = suggested(config, best_case)
    for params in points:
        assert [name for name in config.space.axes if config.space.is_active(name, params)] == list(params)
    assert {len(params) for params in points} >= {2, 3, 4}


@pytest.mark.parametrize("sampler", ["TPE", "NSGAII", "Random", "QMC", "CmaEs"])
def test_the_baseline_is_first_and_a_process_that_takes_over_knows_it(sampler: str) -> None:
    parameters = {"x": {"low": 0.0, "high": 1.0, "default": 0.25}, "y": {"low": 0.0, "high": 1.0, "default": 0.7}}
    config = config_of(sampler, parameters)
    calm = suggested(config, best_case)
    assert calm[0] == {"x": 0.25, "y": 0.7}
    assert all(params != calm[0] for params in calm[1:])
    assert suggested(config, best_case, restarts={1, 2, 9}) == calm


def test_the_parameters_of_trials_that_are_running_count() -> None:
    config = config_of("TPE", {"x": NUMBERS["x"], "y": NUMBERS["x"]}, lookahead=3, n_trials=12)
    elsewhere = _last_suggestion(config, {"x": 0.01, "y": 0.99})
    assert _last_suggestion(config, {"x": 0.5, "y": 0.5}) != elsewhere
    assert _last_suggestion(config, {"x": 0.01, "y": 0.99}) == elsewhere


def _last_suggestion(config: SweepConfig, running: Params) -> Params:
    """Returns what the last trial tries beside two that run with these parameters."""
    points: list[Params] = [{"x": number / 10, "y": 1 - number / 10} for number in range(9)]
    ended = [record(number, point, End(value=-((float(point["x"]) - 0.4) ** 2))) for number, point in enumerate(points)]
    return OptunaStrategy(config).suggest(11, Earlier(ended, [*points, running, running]))


@pytest.mark.parametrize("sampler", ["TPE", "NSGAII", "CmaEs"])
def test_a_search_that_does_not_wait_learns_from_whatever_has_ended(sampler: str) -> None:
    config = config_of(sampler, {"x": NUMBERS["x"], "y": NUMBERS["x"]}, reproducible=False, n_trials=12, lookahead=3)
    assert [OptunaStrategy(config).needs(number) for number in range(12)] == [0] * 12
    points: list[Params] = [{"x": number / 10, "y": 1 - number / 10} for number in range(9)]
    told = {number: record(number, point, in_state(TrialState.COMPLETE, point)) for number, point in enumerate(points)}
    told[0].state = told[4].state = TrialState.RUNNING
    before = OptunaStrategy(config).suggest(9, ended_by_now(9, told))
    assert OptunaStrategy(config).suggest(9, ended_by_now(9, told)) == before
    told[8].metrics = {"val_acc": 100.0}  # beyond the horizon of a search that waits
    suggestions = OptunaStrategy(config)
    after = suggestions.suggest(9, ended_by_now(9, told))
    assert after != before or sampler == "CmaEs"  # which learns a generation at a time
    told[0].state = told[4].state = TrialState.COMPLETE
    told[9] = record(9, after, End(value=0.5))
    assert suggestions.suggest(10, ended_by_now(10, told)).keys() == {"x", "y"}


def test_lookahead_1_is_the_sequential_search() -> None:
    suggestions = OptunaStrategy(config_of(lookahead=1))
    assert [suggestions.needs(number) for number in range(4)] == [0, 1, 2, 3]


def test_a_trial_waits_for_the_trials_up_to_lookahead_before_it_and_for_no_other() -> None:
    suggestions = OptunaStrategy(config_of(lookahead=4))
    assert [suggestions.needs(number) for number in range(7)] == [0, 0, 0, 0, 1, 2, 3]
    assert suggestions.suggest(0, NOTHING_EARLIER).keys() == NUMBERS.keys()


@pytest.mark.parametrize("sampler", ["TPE", "NSGAII", "CmaEs", "GP", "QMC"])
def test_parameters_that_were_taken_instead_of_the_suggested_ones_are_what_the_search_knows(sampler: str) -> None:
    config = config_of(sampler, {"x": NUMBERS["x"], "y": NUMBERS["x"]}, lookahead=1, n_trials=9)

    def search(restart: int | None) -> list[Params]:
        suggestions, trials, asked = OptunaStrategy(config), dict[int, TrialRecord](), list[Params]()
        for number in range(9):
            if number == restart:
                suggestions = OptunaStrategy(config)
            asked.append(suggestions.suggest(number, earlier_than(number, suggestions.needs(number), trials)))
            taken: Params = {name: round(float(value), 1) for name, value in asked[-1].items()}
            trials[number] = record(number, taken, in_state(TrialState.COMPLETE, taken))
        return asked

    assert search(restart=None) == search(restart=7)
