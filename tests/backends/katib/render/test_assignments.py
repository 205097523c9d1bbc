"""Katib's assignments become the values that the sweep file describes, with every algorithm."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.backends.katib.render.algorithms import Algorithm, search_of
from morphogenetic_engine.backends.katib.render.assignments import choice_text, trial_of_assignments
from morphogenetic_engine.backends.katib.render.search_space import (
    grid_parameters,
    numbered_parameter,
    searched_parameters,
)
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from morphogenetic_engine.trial import text
from tests.backends.katib.render.suggestions import assigned

AXES: dict[str, object] = {
    "choice": ["a", "b c", 'd"\\$', True, 3, 0.5, ""],
    "whole": {"low": 1, "high": 3},
    "stepped": {"type": "int", "low": 5, "high": 20, "step": 10},
    "wide": {"type": "int", "low": 1, "high": 1000},
    "whole_log": {"type": "int", "low": 16, "high": 512, "log": True},
    "real": {"type": "float", "low": -5, "high": 10},
    "positive": {"type": "float", "low": 1, "high": 100},
    "real_log": {"type": "float", "low": 1e-3, "high": 3e-2, "log": True},
    "tiny_log": {"type": "float", "low": 1e-12, "high": 1e-9, "log": True},
    "steps": {"type": "float", "low": 0.1, "high": 0.7, "step": 0.1},
}
DRAWING = [algorithm for algorithm in Algorithm if algorithm is not Algorithm.GRID]


def config(parameters: dict[str, object], **sections: object) -> SweepConfig:
    written = {"sweep_type": "random", "optimization": {"n_trials": 1}, "parameters": parameters, **sections}
    return parse_config(written, where="test")


@pytest.mark.parametrize("algorithm", DRAWING)
@pytest.mark.parametrize("name", AXES)
@settings(max_examples=20)
@given(unit=st.floats(0, 1))
def test_whatever_an_algorithm_draws_is_a_value_of_the_axis(name: str, algorithm: Algorithm, unit: float) -> None:
    sweep = config({name: AXES[name]})
    (parameter,) = searched_parameters(sweep.space.axes, algorithm)
    trial = trial_of_assignments(sweep, {parameter.name: assigned(parameter, algorithm, unit)})
    assert sweep.space.parse(name, text(trial.params[name])) == trial.params[name]


@pytest.mark.parametrize("algorithm", DRAWING)
@pytest.mark.parametrize("name", ["choice", "whole", "stepped", "steps"])
def test_every_value_of_a_finite_axis_can_be_drawn(name: str, algorithm: Algorithm) -> None:
    sweep = config({name: AXES[name]})
    (parameter,) = searched_parameters(sweep.space.axes, algorithm)
    texts = {assigned(parameter, algorithm, index / 2000) for index in range(2000)}
    values = {text(trial_of_assignments(sweep, {parameter.name: each}).params[name]) for each in texts}
    axis = sweep.space.axes[name]
    assert axis.size is not None and values == {text(axis.at(index)) for index in range(axis.size)}


@pytest.mark.parametrize("algorithm", DRAWING)
@pytest.mark.parametrize("name", ["real_log", "tiny_log", "real", "positive", "whole_log"])
def test_a_range_is_searched_evenly_in_what_the_file_says(name: str, algorithm: Algorithm) -> None:
    sweep = config({name: AXES[name]})
    axis = sweep.space.axes[name]
    (parameter,) = searched_parameters(sweep.space.axes, algorithm)
    middle = trial_of_assignments(sweep, {parameter.name: assigned(parameter, algorithm, 0.5)}).params[name]
    assert float(middle) == pytest.approx(float(axis.from_unit(0.5)), rel=0.03)


@pytest.mark.parametrize("name", ["choice", "whole", "stepped", "steps"])
def test_random_search_draws_each_of_a_few_values_as_often(name: str) -> None:
    sweep = config({name: AXES[name]})
    (parameter,) = searched_parameters(sweep.space.axes, Algorithm.RANDOM)
    counts = Counter(assigned(parameter, Algorithm.RANDOM, index / 7000) for index in range(7000))
    assert max(counts.values()) - min(counts.values()) <= 2


@pytest.mark.parametrize("algorithm", [Algorithm.CMAES, Algorithm.SOBOL])
def test_the_ends_of_whole_numbers_have_the_share_in_the_logarithm_that_they_have_in_a_local_sweep(
    algorithm: Algorithm,
) -> None:
    sweep = config({"few_log": {"type": "int", "low": 1, "high": 4, "log": True}})
    axis = sweep.space.axes["few_log"]
    (parameter,) = searched_parameters(sweep.space.axes, algorithm)
    units = [index / 1000 for index in range(1000)]
    texts = (assigned(parameter, algorithm, unit) for unit in units)
    here = Counter(axis.from_unit(unit) for unit in units)
    there = Counter(trial_of_assignments(sweep, {parameter.name: each}).params["few_log"] for each in texts)
    assert all(abs(there[value] - here[value]) <= 5 for value in here | there)


@pytest.mark.parametrize("algorithm", DRAWING)
def test_what_has_one_value_is_not_searched_and_is_there_all_the_same(algorithm: Algorithm) -> None:
    """Katib's services refuse a range without width."""
    sweep = config({"real": AXES["real"], "one": [3], "none": {"type": "int", "low": 5, "high": 5}})
    (parameter,) = searched_parameters(sweep.space.axes, algorithm)
    trial = trial_of_assignments(sweep, {parameter.name: assigned(parameter, algorithm, 0.5)})
    assert (trial.params["one"], trial.params["none"]) == (3, 5)


@given(st.text())
def test_a_choice_survives_every_carrier(value: str) -> None:
    sweep = config({"c": [value, value + "x"]})
    read = sweep.space.axes["c"].grid()[0]  # 0E0 is a number to a sweep file
    written = choice_text(read)
    assert written and written.isascii() and not set(written) & set("\"'\\$`\n\r{}")
    assert trial_of_assignments(sweep, {"c": written}).params["c"] == read


def test_a_grid_is_given_as_its_very_values() -> None:
    """np.arange, which Katib's own grid uses, would lose 0.7 and print 0.30000000000000004."""
    sweep = config({"steps": AXES["steps"], "real_log": {**AXES["real_log"], "points": 2}}, sweep_type="grid")  # type: ignore[dict-item]
    lists = {parameter.name: parameter.feasible_space["list"] for parameter in grid_parameters(sweep.space.axes)}
    assert lists == {"steps": ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"], "real_log": ["0.001", "0.03"]}


def test_a_point_of_a_grid_has_the_number_and_the_seed_of_a_local_sweep() -> None:
    sweep = config({"a": [1, 2], "b": ["x", "y", "z"]}, sweep_type="grid", optimization={})
    trial = trial_of_assignments(sweep, {"b": "y", "a": "2"})
    assert (trial.number, trial.seed) == (4, trial_seed(42, 4))
    assert trial.params == {"a": 2, "b": "y"} == design_of(sweep).suggest(4, NOTHING_EARLIER)


def test_numbered_trials_are_those_of_the_design() -> None:
    sweep = config({"real": AXES["real"]}, sweep_type="latin_hypercube", optimization={"n_trials": 7})
    for written in numbered_parameter(7).feasible_space["list"]:
        trial = trial_of_assignments(sweep, {"trial.number": written})
        assert trial.params == design_of(sweep).suggest(trial.number, NOTHING_EARLIER) and trial.seed == trial_seed(
            42, trial.number
        )


def test_the_same_values_have_the_same_seed_and_others_another() -> None:
    sweep = config({"real": AXES["real"]})
    one, again, other = (trial_of_assignments(sweep, {"real": written}) for written in ("1.5", "1.5", "1.6"))
    assert one == again and one.seed != other.seed


def test_a_parameter_that_is_not_there_is_left_out() -> None:
    sweep = config({"kind": ["a", "b"], "depth": {"low": 1, "high": 9, "when": {"kind": "a"}}})
    assert trial_of_assignments(sweep, {"kind": "b", "depth": "3"}).params == {"kind": "b"}
    assert trial_of_assignments(sweep, {"kind": "a", "depth": "3"}).params == {"kind": "a", "depth": 3}


def test_a_rounding_error_at_the_end_of_a_range_is_no_mistake() -> None:
    sweep = config({"real_log": AXES["real_log"]})
    assert trial_of_assignments(sweep, {"real_log": "0.030000000000000006"}).params["real_log"] == 0.03


@pytest.mark.parametrize(
    ("assignments", "line"),
    [
        ({}, "whole: Katib assigned no value"),
        ({"whole": "9"}, "whole: must be one of"),
        ({"whole": "two"}, "whole: must be a whole number, but got 'two'"),
        ({"whole": "2", "lr": "1"}, "lr: is not searched; the axes are whole"),
        ({"index.whole": "7"}, "whole: must be the place of a step, but got '7'"),
        ({"trial.number": "-1"}, "trial.number: must be a whole number"),
    ],
)
def test_assignments_of_another_sweep_are_refused(assignments: dict[str, str], line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        trial_of_assignments(config({"whole": AXES["whole"]}), assignments)


@pytest.mark.parametrize(
    "algorithm", [Algorithm.RANDOM, Algorithm.SOBOL, Algorithm.CMAES, Algorithm.BAYESIAN_OPTIMIZATION]
)
def test_groups_of_parameters_survive_the_trip_through_katib(algorithm: Algorithm) -> None:
    parameters = {
        "lr": {"low": 1e-3, "high": 1.0, "log": True},
        "optimizer": {"lr": {"low": 1, "high": 9}, "kind": ["a", "b"]},
    }
    config = parse_config(
        {"sweep_type": "random", "parameters": parameters, "optimization": {"n_trials": 1}}, where="sweep.yaml"
    )
    found = searched_parameters(config.space.axes, algorithm)
    texts = {each.name: each.feasible_space.get("min") or each.feasible_space["list"][0] for each in found}
    params = trial_of_assignments(config, {name: str(each) for name, each in texts.items()}).params
    assert params == {"lr": pytest.approx(1e-3), "optimizer.lr": 1, "optimizer.kind": "a"}


def test_a_group_that_is_called_as_a_form_is_refused_on_katib() -> None:
    parameters = {"index": {"lr": [1, 2]}, "lr": {"low": 1, "high": 9}}
    config = parse_config({"sweep_type": "grid", "parameters": parameters}, where="sweep.yaml")
    with pytest.raises(ConfigError, match="parameters.index.lr: begins as a form of a parameter on Katib"):
        search_of(config, parallel=1)
