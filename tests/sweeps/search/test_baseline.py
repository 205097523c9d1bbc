"""The baseline: the configuration that the defaults describe, and its number in every sweep type."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import Earlier
from morphogenetic_engine.trial import Params

ON_THE_GRID: dict[str, dict[str, object]] = {
    "x": {"choices": [1, 2, 3], "default": 2},
    "kind": {"choices": ["a", "b"], "default": "b"},
}
BESIDE_IT = {"x": {"low": 0.0, "high": 1.0, "points": 3, "default": 0.3}, "kind": ON_THE_GRID["kind"]}
DESIGNS = ("random", "latin_hypercube", "sobol")


def config_of(
    parameters: Mapping[str, object], sweep_type: str = "grid", trials: int | None = None, **fixed: object
) -> SweepConfig:
    experiment = {"workload": "toy:nothing", **fixed}
    written = {"sweep_type": sweep_type, "experiment": experiment, "parameters": parameters}
    return parse_config({**written, "optimization": {"n_trials": trials, "lookahead": 9}}, where="sweep.yaml")


def points_of(config: SweepConfig) -> list[Params]:
    suggestions = strategy_of(config)
    points: list[Params] = []
    for number in range(suggestions.trials):
        points.append(suggestions.suggest(number, Earlier(ended=(), params=points)))
    return points


@pytest.mark.parametrize("sweep_type", ["grid", *DESIGNS, "bayesian"])
@pytest.mark.parametrize("parameters", [ON_THE_GRID, BESIDE_IT])
def test_the_baseline_is_the_first_trial(sweep_type: str, parameters: Mapping[str, object]) -> None:
    config = config_of(parameters, sweep_type, None if sweep_type == "grid" else 5)
    defaults = {"x": 2 if parameters is ON_THE_GRID else 0.3, "kind": "b"}
    points = points_of(config)
    assert points[0] == defaults
    grid_points = 6 if parameters is ON_THE_GRID else 7  # the baseline is one more where it is beside the grid
    assert len(points) == (grid_points if sweep_type == "grid" else 5)
    assert defaults not in points[1:] or sweep_type == "bayesian"  # which may come back to any point


def test_a_grid_that_holds_the_baseline_has_it_once_and_all_others_in_their_order() -> None:
    plain = {name: {"choices": axis["choices"]} for name, axis in ON_THE_GRID.items()}
    points, ordered = points_of(config_of(ON_THE_GRID)), points_of(config_of(plain))
    assert points[1:] == [point for point in ordered if point != points[0]]
    assert len(points) == len(ordered) == 6


def test_a_baseline_beside_the_grid_is_one_trial_more() -> None:
    config = config_of(BESIDE_IT)
    assert len(points_of(config)) == total_trials(config) == 7


@pytest.mark.parametrize("sweep_type", DESIGNS)
def test_a_design_over_the_whole_space_holds_the_baseline_once(sweep_type: str) -> None:
    points = points_of(config_of(ON_THE_GRID, sweep_type, 6))
    assert len({tuple(point.items()) for point in points}) == 6


@pytest.mark.parametrize("sweep_type", ["grid", *DESIGNS, "bayesian"])
def test_a_sweep_of_one_trial_is_the_baseline(sweep_type: str) -> None:
    assert points_of(config_of(BESIDE_IT, sweep_type, 1)) == [{"x": 0.3, "kind": "b"}]


def test_a_baseline_has_no_parameter_whose_condition_does_not_hold() -> None:
    parameters = {
        "rule": {"choices": ["sgd", "adam"], "default": "adam"},
        "momentum": {"low": 0.0, "high": 1.0, "default": 0.9, "when": {"rule": "sgd"}},
        "beta": {"low": 0.0, "high": 1.0, "default": 0.99, "when": {"rule": "adam"}},
    }
    for sweep_type in ("grid", *DESIGNS, "bayesian"):
        trials = None if sweep_type == "grid" else 4
        assert points_of(config_of(parameters, sweep_type, trials))[0] == {"rule": "adam", "beta": 0.99}


def test_a_list_of_the_experiment_begins_with_its_first_value() -> None:
    points = points_of(config_of(ON_THE_GRID, problem_type=["spirals", "moons"], input_dim=3))
    assert points[0] == {"input_dim": 3, "problem_type": "spirals", "x": 2, "kind": "b"}
    assert len(points) == 12


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"x": {"low": 0, "high": 9, "default": 3}, "y": [1, 2]},
            "parameters.y: default is missing; give all parameters one, or none",
        ),
        ({"x": {"low": 0, "high": 9, "default": 12}}, "parameters.x: default must be one of 0, 1, ... 9, but got 12"),
        (
            {"x": {"low": 0.0, "high": 1.0, "step": 0.25, "default": 0.3}},
            "parameters.x: default must be 0.0 plus a multiple of 0.25, but got 0.3",
        ),
        (
            {"x": {"choices": ["a", "b"], "default": "c"}},
            "parameters.x: default must be one of a, b, but got 'c'",
        ),
    ],
)
def test_a_default_that_cannot_be_is_one_line(parameters: Mapping[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        config_of(parameters)
    assert str(error.value) == f"sweep.yaml: {message}"
