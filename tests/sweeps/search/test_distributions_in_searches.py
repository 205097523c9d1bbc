"""Distributions of ranges and probabilities of choices in every search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from morphogenetic_engine.backends.katib.render.algorithms import Algorithm
from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
from morphogenetic_engine.backends.katib.render.search_space import searched_parameters
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER
from morphogenetic_engine.testing.strategies import StrategyTests

SPACE: Mapping[str, object] = {
    "rate": {"type": "log_normal", "mean": 1e-3, "std": 1.0},
    "shift": {"type": "normal", "mean": 0.0, "std": 1.0, "step": 0.25},
    "width": {"low": 8, "high": 512, "log": True, "step": 8},
}
CHOICES: Mapping[str, object] = {**SPACE, "kind": {"choices": ["a", "b", "c"], "probabilities": [0.8, 0.15, 0.05]}}


def config_of(parameters: Mapping[str, object], sweep_type: str = "random", **optimization: object) -> SweepConfig:
    written = {"sweep_type": sweep_type, "experiment": {"workload": "toy:nothing"}, "parameters": parameters}
    return parse_config({**written, "optimization": optimization}, where="sweep.yaml")


@pytest.mark.parametrize(
    ("sweep_type", "sampler", "parameters"),
    [
        ("grid", None, {**CHOICES, "width": {"low": 8, "high": 512, "log": True, "step": 8, "points": 3}}),
        ("progressive", None, CHOICES),
        *((design, None, CHOICES) for design in ("random", "latin_hypercube", "sobol")),
        *(("bayesian", sampler, CHOICES) for sampler in ("TPE", "NSGAII", "Random", "auto")),
        *(("bayesian", sampler, SPACE) for sampler in ("CmaEs", "GP", "QMC")),
    ],
)
def test_every_search_keeps_to_the_values_and_is_the_same_in_every_process(
    sweep_type: str, sampler: str | None, parameters: Mapping[str, object]
) -> None:
    class Suite(StrategyTests):
        """The conformance suite, of which the tests that matter here are called."""

        sweep = {
            "sweep_type": sweep_type,
            "experiment": {"workload": "toy:nothing"},
            "parameters": parameters,
            "optimization": {"lookahead": 3, "n_trials": 12, **({"sampler": sampler} if sampler else {})},
        }

    suite = Suite()
    suite.test_every_suggestion_is_a_point_of_the_space()
    suite.test_a_process_that_takes_over_goes_on_with_the_same_suggestions()


@pytest.mark.parametrize(
    ("sweep_type", "sampler", "trials"),
    [("random", None, 400), ("sobol", None, 400), ("latin_hypercube", None, 400), ("bayesian", "Random", 400)],
)
def test_draws_are_as_likely_as_the_file_says(sweep_type: str, sampler: str | None, trials: int) -> None:
    if sampler is None:
        strategy = strategy_of(config_of(CHOICES, sweep_type, n_trials=trials))
        points = [strategy.suggest(number, NOTHING_EARLIER) for number in range(trials)]
    else:
        points = [
            strategy_of(config_of(CHOICES, sweep_type, n_trials=9, sampler=sampler, seed=seed)).suggest(
                0, NOTHING_EARLIER
            )
            for seed in range(trials)
        ]
    kinds = Counter(point["kind"] for point in points)
    assert kinds["a"] / trials == pytest.approx(0.8, abs=0.06) and kinds["b"] > kinds["c"] > 0
    near = sum(1e-3 / 2.718 <= float(point["rate"]) <= 1e-3 * 2.718 for point in points)
    assert near / trials == pytest.approx(0.683, abs=0.07)
    assert sum(float(point["width"]) < 64 for point in points) / trials == pytest.approx(0.57, abs=0.08)


def test_the_first_trials_of_tpe_follow_the_probabilities() -> None:
    drawn = Counter(
        strategy_of(config_of(CHOICES, "bayesian", n_trials=9, seed=seed)).suggest(0, NOTHING_EARLIER)["kind"]
        for seed in range(120)
    )
    assert drawn["a"] > 80 and drawn["c"] < 20


def test_qmc_refuses_probabilities_and_says_what_to_use() -> None:
    with pytest.raises(ConfigError, match="QMC knows no probabilities, but kind has some; use sweep_type sobol"):
        strategy_of(config_of(CHOICES, "bayesian", sampler="QMC", n_trials=9))


def test_a_file_without_distributions_has_the_identity_that_it_had() -> None:
    plain = config_of({"x": {"low": 0.0, "high": 1.0}, "kind": ["a", "b"]}, n_trials=1)
    written = plain.identifying["parameters"]
    assert written == {
        "x": {
            "type": "float",
            "low": 0.0,
            "high": 1.0,
            "step": None,
            "log": False,
            "points": None,
            "when": {},
            "default": None,
        },
        "kind": {"type": "categorical", "choices": ["a", "b"], "when": {}, "default": None},
    }
    other = config_of({"x": {"low": 0.0, "high": 1.0, "mean": 0.5, "std": 1.0}, "kind": ["a", "b"]}, n_trials=1)
    assert other.identity != plain.identity


@pytest.mark.parametrize(
    "algorithm", [Algorithm.RANDOM, Algorithm.TPE, Algorithm.SOBOL, Algorithm.BAYESIAN_OPTIMIZATION]
)
def test_katib_searches_the_share_of_a_distribution_and_the_trial_takes_it_back(algorithm: Algorithm) -> None:
    config = config_of(SPACE, n_trials=1)
    rendered = searched_parameters(config.space.axes, algorithm)
    assert all(each.kind == "double" for each in rendered)
    middles = {each.name: "0.5" if each.name.startswith("unit.") else repr(10**0.5) for each in rendered}
    params = trial_of_assignments(config, middles).params
    assert params == {"rate": pytest.approx(1e-3), "shift": 0.0, "width": 48}
