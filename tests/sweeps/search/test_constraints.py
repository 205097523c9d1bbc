"""Constraints in every search: no suggestion violates one, and suggestions stay reproducible."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.space.feasibility import feasible_point, feasible_share, repaired
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER, earlier_than
from morphogenetic_engine.testing.strategies import StrategyTests
from morphogenetic_engine.testing.trial_curves import ended_trial
from morphogenetic_engine.trial import Params

RANGES: Mapping[str, object] = {
    "width": {"low": 8, "high": 512, "log": True},
    "depth": {"low": 1, "high": 16},
    "rate": {"low": 1e-4, "high": 1.0, "log": True},
}
CONDITIONAL: Mapping[str, object] = {
    **RANGES,
    "rule": ["sgd", "adam"],
    "momentum": {"low": 0.0, "high": 0.9, "when": {"rule": "sgd"}},
}
OF_RANGES = ["width * depth <= 64", "rate * width < 0.5"]
OF_CHOICES = ["width * depth <= 128", "rule == 'sgd' or rate < 0.01", "momentum < 0.5"]
DESIGNS = ["random", "latin_hypercube", "sobol"]
TRIALS = 10


def config_of(
    constraints: list[str],
    parameters: Mapping[str, object],
    sweep_type: str = "random",
    **optimization: object,
) -> SweepConfig:
    written = {"sweep_type": sweep_type, "experiment": {"workload": "toy:nothing"}, "parameters": parameters}
    return parse_config({**written, "constraints": constraints, "optimization": optimization}, where="sweep.yaml")


def points_of(config: SweepConfig) -> list[Params]:
    strategy = strategy_of(config)
    return [strategy.suggest(number, NOTHING_EARLIER) for number in range(strategy.trials)]


@pytest.mark.parametrize(
    ("sweep_type", "sampler", "parameters", "constraints"),
    [
        ("grid", None, CONDITIONAL, OF_CHOICES),
        ("progressive", None, CONDITIONAL, OF_CHOICES),
        *((design, None, CONDITIONAL, OF_CHOICES) for design in DESIGNS),
        *(("bayesian", sampler, CONDITIONAL, OF_CHOICES) for sampler in ("TPE", "NSGAII", "Random", "auto")),
        *(("bayesian", sampler, RANGES, OF_RANGES) for sampler in ("CmaEs", "GP", "QMC")),
    ],
)
def test_every_suggestion_keeps_the_constraints_and_is_the_same_in_every_process(
    sweep_type: str, sampler: str | None, parameters: Mapping[str, object], constraints: list[str]
) -> None:
    class Suite(StrategyTests):
        """The conformance suite, of which the tests that matter here are called."""

        sweep = {
            "sweep_type": sweep_type,
            "experiment": {"workload": "toy:nothing"},
            "parameters": parameters,
            "constraints": constraints,
            "optimization": {"lookahead": 3, "n_trials": TRIALS, **({"sampler": sampler} if sampler else {})},
        }

    suite = Suite()
    suite.test_every_suggestion_is_a_point_of_the_space()
    suite.test_a_process_that_takes_over_goes_on_with_the_same_suggestions()


def test_a_grid_leaves_out_the_points_that_break_a_constraint_and_keeps_the_order_of_the_others() -> None:
    every = points_of(config_of([], CONDITIONAL, "grid"))
    config = config_of(OF_CHOICES, CONDITIONAL, "grid")
    assert points_of(config) == [point for point in every if config.space.allows(point)]


@pytest.mark.parametrize("sweep_type", DESIGNS)
def test_a_design_is_unchanged_by_a_constraint_that_every_point_keeps(sweep_type: str) -> None:
    free, kept = (config_of(constraints, CONDITIONAL, sweep_type, n_trials=20) for constraints in ([], ["depth < 99"]))
    assert points_of(free) == points_of(kept)


def test_a_sobol_design_passes_over_points_of_its_sequence() -> None:
    config = config_of(OF_RANGES, RANGES, "sobol", n_trials=8)
    sequence = points_of(config_of([], RANGES, "sobol", n_trials=400))
    assert points_of(config) == [point for point in sequence if config.space.allows(point)][:8]


@pytest.mark.parametrize("sweep_type", DESIGNS)
def test_a_design_finds_every_one_of_a_few_points_that_keep_the_constraints(sweep_type: str) -> None:
    parameters = {"a": list(range(40)), "b": {"low": 1, "high": 40}, "c": ["x", "y"]}
    config = config_of(["a * b == 36", "c == 'x' or a < 3"], parameters, sweep_type, n_trials=11)
    points = points_of(config)
    assert config.points == len({tuple(point.items()) for point in points}) == 11
    with pytest.raises(ConfigError, match="n_trials: must be <= 11, the number of points in the space, but got 12"):
        config_of(["a * b == 36", "c == 'x' or a < 3"], parameters, sweep_type, n_trials=12)


@pytest.mark.parametrize("sampler", ["TPE", "GP", "CmaEs"])
def test_a_sampler_that_wants_to_leave_the_constraints_is_kept_at_their_edge(sampler: str) -> None:
    """The objective grows where the constraint forbids to go: a narrow band is all that is left."""
    parameters = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}}
    config = config_of(["x + y <= 0.05"], parameters, "bayesian", sampler=sampler, n_trials=14, lookahead=1)
    strategy, trials = strategy_of(config), dict[int, TrialRecord]()
    for number in range(strategy.trials):
        params = strategy.suggest(number, earlier_than(number, strategy.needs(number), trials))
        assert config.space.allows(params)
        trials[number] = ended_trial(number, params, config)
    assert len({tuple(trial.params.items()) for trial in trials.values()}) > 10


def test_no_feasible_point_is_an_error_that_says_how_often_each_constraint_is_kept() -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(["depth > 8", "width * depth <= 64"], RANGES, n_trials=1)
    assert str(caught.value) == (
        "sweep.yaml: constraints: none of 10000 random points keeps them; `depth > 8` alone is kept by 50.6%,"
        " `width * depth <= 64` alone is kept by 9.8%"
    )
    with pytest.raises(ConfigError, match=r"^sweep.yaml: constraints: no point of the space keeps them; `a > 3` alone"):
        config_of(["a > 3"], {"a": [1, 2, 3]}, n_trials=1)


def test_a_grid_without_a_feasible_point_is_refused_although_the_space_has_some() -> None:
    config = config_of(["x > 0.3", "x < 0.4"], {"x": {"low": 0.0, "high": 1.0, "points": 3}}, "grid")
    with pytest.raises(ConfigError, match="constraints: no point of the grid keeps them; give the ranges more points"):
        strategy_of(config)


def test_a_grid_too_large_to_check_is_refused_at_once() -> None:
    parameters = {"a": {"low": 1, "high": 9, "points": 9}, "b": {"low": 1, "high": 10**5, "points": 10**5}}
    config = config_of(["a * b < 10000"], parameters, "grid")
    assert config.points is None
    with pytest.raises(ConfigError, match="constraints: a grid checks 900009 combinations"):
        strategy_of(config)


def test_the_defaults_must_keep_the_constraints() -> None:
    parameters = {"a": {"low": 1, "high": 9, "default": 9}, "b": {"low": 1, "high": 9, "default": 9}}
    with pytest.raises(ConfigError, match="^sweep.yaml: parameters: the defaults break the constraint `a \\* b < 80`$"):
        config_of(["a * b < 80"], parameters, n_trials=1)


def test_the_share_of_a_space_is_exact_where_it_can_be_counted() -> None:
    share = feasible_share(config_of(["a < b"], {"a": [1, 2, 3], "b": [1, 2, 3]}, "grid").space)
    assert (share.share, share.exact) == (3 / 9, True)
    share = feasible_share(config_of(["x < 0.25"], {"x": {"low": 0.0, "high": 1.0}}, n_trials=1).space)
    assert share.share == pytest.approx(0.25, abs=0.03) and not share.exact


@pytest.mark.parametrize("seed", range(20))
def test_a_repaired_point_keeps_the_constraints_and_lies_at_their_edge(seed: int) -> None:
    space = config_of(
        ["x + y <= 0.5"], {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}}, n_trials=1
    ).space
    found = repaired(space, {"x": 0.9, "y": 0.8}, Random(seed))
    assert space.allows(found)
    assert 0.499 < float(found["x"]) + float(found["y"]) <= 0.5


@pytest.mark.parametrize("seed", range(20))
def test_a_point_with_conditions_and_choices_is_repaired(seed: int) -> None:
    space = config_of(OF_CHOICES, CONDITIONAL, n_trials=1).space
    broken: Params = {"width": 512, "depth": 16, "rate": 1.0, "rule": "adam"}
    found = repaired(space, broken, Random(seed))
    assert space.allows(found) and space.allows(feasible_point(space, Random(seed)))
    assert ("momentum" in found) == (found["rule"] == "sgd")
