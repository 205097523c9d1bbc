"""Progressive expansion: rounds of finer grids around the best."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.progressive import ProgressiveStrategy
from morphogenetic_engine.sweeps.strategy import earlier_than
from morphogenetic_engine.trial import Params, Value


def config_of(parameters: dict[str, object], **optimization: object) -> SweepConfig:
    written = {"sweep_type": "progressive", "parameters": parameters, "optimization": optimization}
    return parse_config(written, where="sweep.yaml")


def objective(params: Params) -> float:
    """Best at lr = 0.003 and depth = 5."""
    lr, depth = float(params.get("lr", 0.003)), float(params.get("depth", 5))
    return -abs(math.log10(lr / 0.003)) - abs(depth - 5) / 10


def run(config: SweepConfig, *, resume_at: int | None = None) -> list[TrialRecord]:
    suggestions = ProgressiveStrategy(config)
    trials: dict[int, TrialRecord] = {}
    for number in range(suggestions.trials):
        if number == resume_at:
            suggestions = ProgressiveStrategy(config)
        params = suggestions.suggest(number, earlier_than(number, suggestions.needs(number), trials))
        metrics = {"val_acc": objective(params)}
        trials[number] = TrialRecord(number, 0, params, TrialState.COMPLETE, metrics=metrics)
    return list(trials.values())


RANGES: dict[str, object] = {
    "lr": {"low": 1e-4, "high": 1e-1, "log": True},
    "depth": {"type": "int", "low": 1, "high": 16},
}


def test_each_round_has_the_size_of_the_coarse_grid_and_waits_for_the_one_before() -> None:
    suggestions = ProgressiveStrategy(config_of(RANGES, rounds=4))
    assert suggestions.trials == 4 * 9
    assert [suggestions.needs(number) for number in (0, 8, 9, 17, 18, 35)] == [0, 0, 9, 9, 18, 27]


def test_later_rounds_come_closer_to_the_best() -> None:
    trials = run(config_of(RANGES, rounds=4))
    best = [max(trial.metrics["val_acc"] for trial in trials[: 9 * round_number]) for round_number in (1, 2, 3, 4)]
    assert best[0] < best[1] <= best[2] <= best[3]
    assert best[3] > -0.15


def test_log_axes_stay_log() -> None:
    trials = run(config_of({"lr": RANGES["lr"]}, rounds=2, regions=1))
    first = sorted(float(trial.params["lr"]) for trial in trials[:3])
    assert [round(math.log10(value), 6) for value in first] == [-4.0, -2.5, -1.0]
    centre = max(trials[:3], key=lambda trial: trial.metrics["val_acc"]).params["lr"]
    distances = {round(abs(math.log10(float(trial.params["lr"]) / float(centre))), 6) for trial in trials[3:]}
    assert distances <= {0.375, 0.75, 1.125} and 0.75 in distances


def next_round(
    config: SweepConfig, first: list[Params], value: Callable[[Params], float | None], round_number: int = 1
) -> list[Params]:
    """Returns the points after so many rounds; None as a value: the trial was pruned."""
    trials: dict[int, TrialRecord] = {}
    for number, params in enumerate(first):
        known = value(params)
        state, metrics = (
            (TrialState.PRUNED, {"val_acc": 9.0}) if known is None else (TrialState.COMPLETE, {"val_acc": known})
        )
        trials[number] = TrialRecord(number, 0, params, state, metrics=metrics)
    suggestions, ended = ProgressiveStrategy(config), len(first)
    end = min(suggestions.trials, ended + len(first) // round_number)
    return [suggestions.suggest(number, earlier_than(ended, ended, trials)) for number in range(ended, end)]


def test_a_linear_axis_closes_in_evenly() -> None:
    config = config_of({"x": {"low": 10.0, "high": 20.0}}, rounds=3, regions=1)
    first: list[Params] = [{"x": 10.0}, {"x": 15.0}, {"x": 20.0}]
    second = next_round(config, first, lambda params: -abs(float(params["x"]) - 15))
    assert [params["x"] for params in second] == [12.5, 17.5, 11.25]
    third = next_round(config, [*first, *second], lambda params: -abs(float(params["x"]) - 15), 2)
    assert [params["x"] for params in third] == [13.75, 16.25, 13.125]


@pytest.mark.parametrize(
    ("axis", "first", "best", "wanted"),
    [
        ({"low": 10.0, "high": 20.0}, [10.0, 15.0, 20.0], 10.0, [12.5, 11.25, 13.75]),
        ({"low": 10.0, "high": 20.0}, [10.0, 15.0, 20.0], 20.0, [17.5, 16.25, 18.75]),
        ({"type": "int", "low": 7, "high": 31}, [7, 19, 31], 31, [25, 22, 28]),
        ({"low": 5.0, "high": 25.0, "step": 2.5, "points": 3}, [5.0, 15.0, 25.0], 25.0, [20.0, 17.5, 22.5]),
        ({"type": "int", "low": 1, "high": 256, "log": True}, [1, 16, 256], 1, [4, 2, 8]),
    ],
    ids=str,
)
def test_a_region_at_an_end_of_the_range_stays_inside(
    axis: dict[str, object], first: list[Value], best: Value, wanted: list[Value]
) -> None:
    config = config_of({"x": axis}, rounds=2, regions=1)
    found = next_round(config, [{"x": value} for value in first], lambda params: float(params["x"] == best))
    assert [params["x"] for params in found] == wanted


def test_what_was_pruned_is_no_region_however_good_it_looked() -> None:
    config = config_of({"x": {"low": 0.0, "high": 1.0}}, rounds=2, regions=1)
    found = next_round(config, [{"x": 0.0}, {"x": 0.5}, {"x": 1.0}], lambda params: float(params["x"] == 0.5) or None)
    assert [params["x"] for params in found] == [0.25, 0.75, 0.125]


@pytest.mark.parametrize(
    "other", [{"low": 0.0, "high": 1.0, "step": 0.1}, {"type": "int", "low": 1, "high": 9, "step": 2}]
)
def test_where_all_were_pruned_the_grid_of_the_whole_space_becomes_finer(other: dict[str, object]) -> None:
    config = config_of({"x": {"low": 0.0, "high": 1.0}, "other": other}, rounds=2)
    first = [trial.params for trial in run(config)[: ProgressiveStrategy(config).trials // 2]]
    found = next_round(config, first, lambda params: None)
    assert {params["x"] for params in found} - {params["x"] for params in first}
    assert len({*map(str, found), *map(str, first)}) == 2 * len(first)


def test_a_range_keeps_the_points_that_it_names() -> None:
    config = config_of({"x": {"low": 0.0, "high": 1.0, "points": 5}, "kind": ["one"]}, rounds=1)
    assert [trial.params["x"] for trial in run(config)] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_a_number_of_trials_ends_the_last_round_early() -> None:
    assert ProgressiveStrategy(config_of(RANGES, rounds=4, n_trials=14)).trials == 14
    assert ProgressiveStrategy(config_of(RANGES, rounds=1, n_trials=14)).trials == 9
    assert len(run(config_of(RANGES, rounds=4, n_trials=14))) == 14


def test_a_space_that_the_regions_exhaust_is_run_whole() -> None:
    config = config_of({"kind": ["a", "b"], "depth": {"type": "int", "low": 1, "high": 9}}, rounds=3, regions=1)
    assert len({str(trial.params) for trial in run(config)}) == 18


def test_choices_stay_at_the_best_ones_value() -> None:
    parameters = {**RANGES, "kind": ["good", "bad"]}
    suggestions = ProgressiveStrategy(config_of(parameters, rounds=2, regions=1))
    trials: dict[int, TrialRecord] = {}
    for number in range(18):
        params = suggestions.suggest(number, earlier_than(number, suggestions.needs(number), trials))
        value = objective(params) - (params["kind"] == "bad")
        trials[number] = TrialRecord(number, 0, params, TrialState.COMPLETE, metrics={"val_acc": value})
    earlier = earlier_than(18, 18, trials)
    later = [suggestions.suggest(number, earlier) for number in range(18, 36)]
    assert {params["kind"] for params in later} == {"good"}


@settings(max_examples=25, deadline=None)
@given(rounds=st.integers(1, 4), regions=st.integers(1, 3), resume_at=st.integers(1, 30))
def test_no_point_comes_twice_and_a_resumed_sweep_goes_on_alike(rounds: int, regions: int, resume_at: int) -> None:
    config = config_of(RANGES, rounds=rounds, regions=regions)
    trials = run(config)
    points = [tuple(trial.params.items()) for trial in trials]
    assert len(set(points)) == len(points)
    assert points == [tuple(trial.params.items()) for trial in run(config, resume_at=resume_at)]


def test_a_small_space_is_run_once_and_no_further() -> None:
    trials = run(config_of({"depth": {"type": "int", "low": 1, "high": 5}}, rounds=9))
    assert sorted(int(trial.params["depth"]) for trial in trials) == [1, 2, 3, 4, 5]
