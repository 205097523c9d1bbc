"""A trial by itself: values as text or a number in, parameters and seed out."""

from __future__ import annotations

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.grid_search import Grid, design_of
from morphogenetic_engine.sweeps.single_trial.planned_trial import (
    read_point,
    trial_name,
    trial_of_number,
    trial_of_point,
)
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from morphogenetic_engine.trial import text


def config(**written: object) -> SweepConfig:
    return parse_config(written, where="test")


CONDITIONAL = {"kind": ["a", "b"], "depth": {"low": 1, "high": 3, "when": {"kind": "a"}}}


def test_the_texts_of_a_design_s_points_read_back_as_its_trials() -> None:
    sweep = config(parameters=CONDITIONAL)
    for number in range(4):
        point = design_of(sweep).suggest(number, NOTHING_EARLIER)
        texts = {name: text(value) for name, value in point.items()}
        assert trial_of_point(sweep, read_point(sweep, texts)) == trial_of_number(sweep, number)


@pytest.mark.parametrize("default", [2, 1, 3])
def test_a_grid_finds_its_trials_baseline_included(default: int) -> None:
    sweep = config(parameters={"x": {"type": "categorical", "choices": [1, 2, 3], "default": default}})
    grid = design_of(sweep)
    assert isinstance(grid, Grid)
    assert [grid.find(grid.suggest(number)) for number in range(grid.trials)] == [0, 1, 2]


def test_a_baseline_beside_the_grid_is_its_trial_0() -> None:
    sweep = config(parameters={"x": {"type": "float", "low": 0, "high": 1, "points": 2, "default": 0.25}})
    grid = Grid(sweep.space, baseline=sweep.baseline)
    assert [grid.find({"x": x}) for x in (0.25, 0.0, 1.0, 0.5)] == [0, 1, 2, None]


def test_a_grid_cut_short_has_no_later_points() -> None:
    sweep = config(parameters={"x": [1, 2, 3]}, optimization={"n_trials": 2})
    grid = design_of(sweep)
    assert isinstance(grid, Grid) and grid.find({"x": 3}) is None


def test_number_and_seed_can_be_given() -> None:
    sweep = config(parameters={"x": [1, 2]})
    assert trial_of_point(sweep, {"x": 2}, number=7).seed == trial_seed(42, 7)
    assert trial_of_point(sweep, {"x": 2}, seed=9).seed == 9


def test_names_tell_trials_apart() -> None:
    sweep = config(parameters={"x": [1, 2]})
    names = {trial_name(sweep, trial_of_number(sweep, 0, seed=seed)) for seed in (1, 2, None)}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        ({}, "kind: has no value"),
        ({"kind": "a"}, "depth: has no value"),
        ({"kind": "b", "depth": "2"}, "depth: is not there with these values of kind"),
        ({"kind": "c"}, "kind: must be one of a, b, but got 'c'"),
        ({"knid": "a"}, "knid: is not searched"),
    ],
)
def test_a_point_has_a_value_for_each_parameter_that_is_there(texts: dict[str, str], line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        read_point(config(parameters=CONDITIONAL), texts)


def test_a_point_that_breaks_a_constraint_is_refused() -> None:
    sweep = config(parameters=CONDITIONAL, constraints=["depth < 3"])
    assert read_point(sweep, {"kind": "b"}) == {"kind": "b"}
    assert read_point(sweep, {"kind": "a", "depth": "2"}) == {"kind": "a", "depth": 2}
    with pytest.raises(ConfigError, match="^constraints: `depth < 3` does not hold for kind=a depth=3$"):
        read_point(sweep, {"kind": "a", "depth": "3"})


def test_points_that_follow_from_results_have_no_numbers_ahead() -> None:
    sweep = config(sweep_type="bayesian", parameters={"x": [1, 2]}, optimization={"n_trials": 2})
    with pytest.raises(ConfigError, match="follow from results in a bayesian sweep; give them"):
        trial_of_number(sweep, 0)
    with pytest.raises(ConfigError, match="the sweep has 2 trials"):
        trial_of_number(config(parameters={"x": [1, 2]}), 2)
