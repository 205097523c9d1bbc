"""Conditions between parameters: their syntax, and their effect in each search."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.space.conditions import in_order
from morphogenetic_engine.sweeps.space.parameter_axes import Choices
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from morphogenetic_engine.trial import Value

OPTIMISERS: Mapping[str, object] = {
    "momentum": {"choices": [0.0, 0.9], "when": {"rule": "sgd"}},
    "rule": ["sgd", "adam", "rmsprop"],
    "beta": {"choices": [0.9, 0.99, 0.999], "when": {"rule": ["adam", "rmsprop"]}},
    "amsgrad": {"choices": [True, False], "when": {"rule": "adam", "beta": 0.99}},
}
POINTS = 2 + (3 + 1) + 3
"""sgd with each momentum; adam with each beta, once more with the second; rmsprop with each beta."""


def config_of(
    parameters: Mapping[str, object],
    sweep_type: str = "grid",
    *,
    fixed: Mapping[str, object] | None = None,
    **optimization: object,
) -> SweepConfig:
    experiment = {"workload": "toy:nothing", **(fixed or {})}
    written = {"sweep_type": sweep_type, "experiment": experiment, "parameters": parameters}
    return parse_config({**written, "optimization": optimization}, where="sweep.yaml")


def points_of(config: SweepConfig) -> list[tuple[tuple[str, Value], ...]]:
    suggestions = strategy_of(config)
    return [tuple(suggestions.suggest(number, NOTHING_EARLIER).items()) for number in range(suggestions.trials)]


def test_a_grid_has_each_point_once_and_no_parameter_whose_condition_does_not_hold() -> None:
    points = points_of(config_of(OPTIMISERS))
    assert len(points) == len(set(points)) == POINTS
    by_rule = {
        rule: [dict(point).keys() for point in points if dict(point)["rule"] == rule] for rule in ("sgd", "adam")
    }
    assert by_rule["sgd"] == [{"rule", "momentum"}] * 2
    assert sorted(map(len, by_rule["adam"])) == [2, 2, 3, 3]


@pytest.mark.parametrize("sweep_type", ["random", "latin_hypercube", "sobol"])
@pytest.mark.parametrize("trials", [1, 5, POINTS])
def test_a_design_has_as_many_different_points_as_were_asked_for(sweep_type: str, trials: int) -> None:
    config = config_of(OPTIMISERS, sweep_type, n_trials=trials)
    points = points_of(config)
    assert len(points) == len(set(points)) == trials
    assert set(points) <= set(points_of(config_of(OPTIMISERS)))


@pytest.mark.parametrize("sweep_type", ["random", "latin_hypercube", "sobol"])
def test_more_trials_than_points_are_refused_and_a_point_that_only_differs_in_what_is_not_there_is_none(
    sweep_type: str,
) -> None:
    with pytest.raises(ConfigError, match=f"n_trials: must be <= {POINTS}, the number of points in the space"):
        config_of(OPTIMISERS, sweep_type, n_trials=POINTS + 1)


def test_a_parameter_may_depend_on_one_that_stands_below_it_in_the_file() -> None:
    assert list(config_of(OPTIMISERS).space.axes) == ["rule", "momentum", "beta", "amsgrad"]


@given(st.permutations(list(OPTIMISERS)))
def test_parents_stand_before_their_dependants_in_whatever_order_they_are_written(names: list[str]) -> None:
    ordered = list(config_of({name: OPTIMISERS[name] for name in names}).space.axes)
    assert ordered.index("rule") < min(ordered.index("momentum"), ordered.index("beta"))
    assert ordered.index("beta") < ordered.index("amsgrad")


@pytest.mark.parametrize(("problem", "points"), [("moons", 6), ("spirals", 2)])
def test_a_condition_on_a_fixed_parameter_holds_in_every_trial_or_in_none(problem: str, points: int) -> None:
    parameters = {"x": [1, 2], "noise": {"choices": [0.1, 0.2, 0.3], "when": {"problem_type": ["moons", "circles"]}}}
    found = points_of(config_of(parameters, fixed={"problem_type": problem}))
    assert len(found) == points
    assert all(("noise" in dict(point)) is (problem == "moons") for point in found)


def test_a_condition_on_a_list_of_the_experiment_is_one_on_choices() -> None:
    parameters = {"noise": {"choices": [0.1, 0.2], "when": {"problem_type": "moons"}}}
    assert len(points_of(config_of(parameters, fixed={"problem_type": ["moons", "spirals"]}))) == 3


def test_what_depends_on_a_parameter_that_is_not_there_is_not_there_either() -> None:
    axes = {"a": [1, 2], "b": {"choices": [1, 2], "when": {"a": 1}}, "c": {"choices": [1, 2], "when": {"b": 1}}}
    assert sorted(len(point) for point in points_of(config_of(axes))) == [1, 2, 3, 3]


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"rul": "sgd"}, "parameters.beta.when.rul: unknown parameter; did you mean 'rule'?"),
        ({"zzz": "sgd"}, "parameters.beta.when.zzz: unknown parameter"),
        ({"depth": 3}, "parameters.beta.when.depth: a condition can only be on choices, but depth is a range"),
        ({"rule": "sdg"}, "parameters.beta.when.rule: must be one of sgd, adam, but got 'sdg'"),
        ({"rule": ["sgd", 3]}, "parameters.beta.when.rule: must be one of sgd, adam, but got '3'"),
        ({"flag": "true"}, "parameters.beta.when.flag: must be true, but got the text 'true'; leave the quotes out"),
        ({"size": 8}, "parameters.beta.when.size: must be the text '8', but got 8; put it in quotes"),
        ({"rule": []}, "parameters.beta.when.rule: must have one value at least"),
        ({"beta": 0.9}, "parameters: the conditions of beta go in a circle"),
    ],
)
def test_a_condition_that_can_never_mean_anything_is_one_line(when: Mapping[str, object], message: str) -> None:
    parameters = {
        "rule": ["sgd", "adam"],
        "depth": {"low": 1, "high": 5},
        "flag": [True, False],
        "size": ["8", "16"],
        "beta": {"choices": [0.9, 0.99], "when": when},
    }
    with pytest.raises(ConfigError) as error:
        config_of(parameters)
    assert str(error.value) == f"sweep.yaml: {message}"


def test_a_circle_names_its_members() -> None:
    axes = {"a": Choices((1, 2)), "b": Choices((1, 2)), "c": Choices((1, 2))}
    with pytest.raises(ValueError, match="^parameters: the conditions of a, b go in a circle$"):
        in_order(axes, {}, {"a": {"b": (1,)}, "b": {"a": (1,)}})
