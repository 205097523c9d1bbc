"""Samplers by name: their options, the spaces that each supports, and their seeds."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

import pytest
from optuna.samplers import BaseSampler
from optuna.samplers._lazy_random_state import LazyRandomState

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.schema.search_names import SAMPLERS
from morphogenetic_engine.sweeps.search import fitting
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler
from morphogenetic_engine.sweeps.search.optuna.optuna_sampler import build_sampler, reseed
from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaStrategy
from tests.bayesian_history import CONDITIONAL, MIXED, NUMBERS, End, config_of, suggested

ONE_RANGE = {"x": NUMBERS["x"]}


@pytest.mark.parametrize(
    ("sampler", "parameters", "message"),
    [
        ("CmaEs", MIXED, "CmaEs cannot search choices, but kind has them; use TPE, or make it a range"),
        ("CmaEs", ONE_RANGE, "CmaEs needs 2 searched parameters at least; use TPE"),
        (
            "CmaEs",
            {**NUMBERS, "rate": {"low": 0, "high": 1, "when": {"fixed": 1}}},
            "CmaEs cannot search conditions, but rate has one; use TPE",
        ),
        ("QMC", CONDITIONAL, "QMC cannot search conditions, but rate has one; use TPE"),
        ("GP", CONDITIONAL, "GP cannot search conditions, but rate has one; use TPE"),
    ],
)
def test_a_sampler_that_cannot_search_the_space_says_what_can(
    sampler: str, parameters: Mapping[str, object], message: str
) -> None:
    config = config_of(sampler, parameters, fixed={"fixed": 1})
    with pytest.raises(ConfigError) as error:
        OptunaStrategy(config)
    assert str(error.value) == f"optimization.sampler: {message}"


def test_a_choice_of_one_value_is_no_choice() -> None:
    assert OptunaStrategy(config_of("CmaEs", {**NUMBERS, "kind": ["only"]})).trials == 14


def test_cma_es_takes_one_objective() -> None:
    config = config_of("CmaEs", objectives=[{"metric": "a"}, {"metric": "b"}])
    with pytest.raises(ConfigError, match="^optimization.sampler: CmaEs takes one objective; use NSGAII or TPE$"):
        OptunaStrategy(config)


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    with pytest.raises(ConfigError, match="^optimization.sampler: GP needs torch: pip install "):
        OptunaStrategy(config_of("GP"))


@pytest.mark.parametrize(
    ("sampler", "options", "message"),
    [
        ("TPE", {"n_startup": 5}, "n_startup: unknown option of TPE; did you mean 'n_startup_trials'?"),
        ("Random", {"sigma": 0.1}, "sigma: unknown option of Random; Random has none"),
        ("QMC", {"seed": 1}, "seed: unknown option of QMC; QMC has qmc_type, scramble"),
        ("TPE", {"multivariate": 1}, "multivariate: must be true or false, but got 1"),
        ("TPE", {"n_startup_trials": True}, "n_startup_trials: must be a whole number, but got True"),
        ("CmaEs", {"popsize": "many"}, "popsize: must be a whole number, but got 'many'"),
        ("NSGAII", {"mutation_prob": "often"}, "mutation_prob: must be a number, but got 'often'"),
        ("QMC", {"qmc_type": 3}, "qmc_type: must be text, but got 3"),
    ],
)
def test_a_wrong_option_is_one_line(sampler: str, options: Mapping[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        OptunaStrategy(config_of(sampler, sampler_options=options))
    assert str(error.value) == f"optimization.sampler_options.{message}"


@pytest.mark.parametrize(
    ("sampler", "options"),
    [
        ("QMC", {"qmc_type": "lattice"}),
        ("NSGAII", {"population_size": 1}),
        ("NSGAII", {"mutation_prob": 2.0}),
        ("TPE", {"multivariate": False, "group": True}),
    ],
)
def test_a_value_that_optuna_does_not_take_is_one_line(sampler: str, options: Mapping[str, object]) -> None:
    with pytest.raises(ConfigError, match="^optimization.sampler_options: [^\n]+$"):
        OptunaStrategy(config_of(sampler, sampler_options=options))


@pytest.mark.parametrize("sampler", ["TEP", "cmaes", "Bogus"])
def test_an_unknown_sampler_is_told_with_the_known_ones(sampler: str) -> None:
    with pytest.raises(ConfigError) as error:
        config_of(sampler)
    assert str(error.value).startswith("sweep.yaml: optimization.sampler: must be one of TPE, CmaEs, Random, ")
    near = {"TEP": "; did you mean 'TPE'?", "cmaes": "; did you mean 'CmaEs'?", "Bogus": "but got 'Bogus'"}
    assert str(error.value).endswith(near[sampler])


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS.built_in if name not in {"GP", "QMC", "auto"}])
def test_every_generator_of_a_sampler_follows_its_seed(sampler: str) -> None:
    """Two samplers of different seeds and pasts draw the same after they are reseeded alike."""
    kind = SAMPLERS.load(sampler, OptunaSampler)
    ones, others = (build_sampler(sampler, kind, seed, {}, conditional=False) for seed in (1, 2))
    drawn = [part.rng.random_sample() for part in _generators(ones)]
    assert drawn
    for each in (ones, others):
        reseed(each, 77)
    assert [part.rng.random_sample() for part in _generators(ones)] == [
        part.rng.random_sample() for part in _generators(others)
    ]


def _generators(sampler: object) -> list[LazyRandomState]:
    """Returns the generators of a sampler and of the samplers that it is made of."""
    found: list[LazyRandomState] = []
    for _, part in sorted(vars(sampler).items()):
        if isinstance(part, LazyRandomState):
            found.append(part)
        elif isinstance(part, BaseSampler):
            found += _generators(part)
    return found


@pytest.mark.parametrize("sampler", ["TPE", "CmaEs", "NSGAII"])
def test_a_sampler_that_learns_ends_up_nearer_than_chance(sampler: str) -> None:
    assert sum(_late_distance(sampler, seed) for seed in range(4)) < sum(
        _late_distance("Random", seed) for seed in range(4)
    )


def _late_distance(sampler: str, seed: int) -> float:
    """Returns how far from the best point the last trials are on average."""
    parameters = {"x": {"low": -1.0, "high": 1.0}, "y": {"low": -1.0, "high": 1.0}}
    config = config_of(sampler, parameters, n_trials=45, lookahead=2, seed=seed, direction="minimize")
    points = suggested(config, lambda _number, params: End(value=_distance(params)))
    return sum(_distance(params) for params in points[30:]) / 15


def _distance(params: Mapping[str, object]) -> float:
    x, y = (float(str(params[name])) for name in ("x", "y"))
    return (x - 0.3) ** 2 + (y + 0.6) ** 2


def test_qmc_points_fill_the_cube_evenly_however_the_trials_end() -> None:
    config = config_of("QMC", {"x": NUMBERS["x"]}, n_trials=33, lookahead=1)
    values = [float(params["x"]) for params in suggested(config, lambda number, _params: End(value=float(number)))]
    counts = [sum(tenth / 8 <= value < (tenth + 1) / 8 for value in values[1:]) for tenth in range(8)]
    assert counts == [4] * 8
