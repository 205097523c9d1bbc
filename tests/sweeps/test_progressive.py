"""Progressive expansion: rounds of grids that close in on the best."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.events import TrialState
from morphogenetic_engine.sweeps.progressive import ProgressiveSuggestions
from morphogenetic_engine.sweeps.results import TrialRecord
from morphogenetic_engine.sweeps.suggestions import earlier_than
from morphogenetic_engine.trial import Params


def config_of(parameters: dict[str, object], **optimization: object) -> SweepConfig:
    written = {"sweep_type": "progressive", "parameters": parameters, "optimization": optimization}
    return parse_config(written, where="sweep.yaml")


def objective(params: Params) -> float:
    """Best at lr = 0.003 and depth = 5."""
    lr, depth = float(params.get("lr", 0.003)), float(params.get("depth", 5))
    return -abs(math.log10(lr / 0.003)) - abs(depth - 5) / 10


def run(config: SweepConfig, *, resume_at: int | None = None) -> list[TrialRecord]:
    suggestions = ProgressiveSuggestions(config)
    trials: dict[int, TrialRecord] = {}
    for number in range(len(suggestions)):
        if number == resume_at:
            suggestions = ProgressiveSuggestions(config)
        params = suggestions.params(number, earlier_than(number, suggestions.needs(number), trials))
        metrics = {"val_acc": objective(params)}
        trials[number] = TrialRecord(number, 0, params, TrialState.COMPLETE, metrics=metrics)
    return list(trials.values())


RANGES: dict[str, object] = {
    "lr": {"low": 1e-4, "high": 1e-1, "log": True},
    "depth": {"type": "int", "low": 1, "high": 16},
}


def test_each_round_has_the_size_of_the_coarse_grid_and_waits_for_the_one_before() -> None:
    suggestions = ProgressiveSuggestions(config_of(RANGES, rounds=4))
    assert len(suggestions) == 4 * 9
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


def test_choices_stay_at_the_best_ones_value() -> None:
    parameters = {**RANGES, "kind": ["good", "bad"]}
    suggestions = ProgressiveSuggestions(config_of(parameters, rounds=2, regions=1))
    trials: dict[int, TrialRecord] = {}
    for number in range(18):
        params = suggestions.params(number, earlier_than(number, suggestions.needs(number), trials))
        value = objective(params) - (params["kind"] == "bad")
        trials[number] = TrialRecord(number, 0, params, TrialState.COMPLETE, metrics={"val_acc": value})
    earlier = earlier_than(18, 18, trials)
    later = [suggestions.params(number, earlier) for number in range(18, 36)]
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
