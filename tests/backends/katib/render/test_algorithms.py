"""The Katib algorithm that runs a sweep, its settings, and the settings that Katib does not support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest

from morphogenetic_engine.backends.katib.render.algorithms import MANY_POINTS, Algorithm, Search, search_of
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.kinds import SamplerKind, SingleSearch
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.search_names import SAMPLERS
from morphogenetic_engine.sweeps.strategy import Strategy

X = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}}
SMALL = {"kind": ["a", "b"], "depth": {"type": "int", "low": 1, "high": 3}}
CONDITIONAL = {"rule": ["sgd", "adam"], "momentum": {"type": "int", "low": 0, "high": 2, "when": {"rule": "sgd"}}}


def config_of(kind: str, parameters: Mapping[str, object], **optimization: object) -> SweepConfig:
    written = {"sweep_type": kind, "parameters": parameters, "optimization": optimization}
    return parse_config(written, where="sweep.yaml")


def unsupported(search: Search) -> str:
    return "; ".join(f"{each.key}: {each.text}" for each in search.unsupported)


def test_auto_takes_every_point_of_a_small_space_once() -> None:
    found = search_of(config_of("bayesian", SMALL, sampler="auto", n_trials=50), parallel=2)
    assert (found.algorithm, found.trials, found.finest, found.numbered) == (Algorithm.GRID, 6, True, False)
    with pytest.raises(
        ConfigError, match="auto takes every point, with conditions or constraints: write sweep_type: grid"
    ):
        search_of(config_of("bayesian", CONDITIONAL, sampler="auto", n_trials=50), parallel=2)


def test_auto_is_the_sampler_that_it_would_start_with() -> None:
    found = search_of(config_of("bayesian", X, sampler="auto", n_trials=50, expected_trial_seconds=60), parallel=2)
    assert (found.algorithm, found.trials) == (Algorithm.BAYESIAN_OPTIMIZATION, 50)
    assert "auto: GP from the first trial on" in unsupported(found)


@dataclass(frozen=True, kw_only=True)
class TwoSearches(SamplerKind):
    """A sampler of another package that combines searches, as `auto` does."""

    chosen: str | None

    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> Strategy:
        raise NotImplementedError

    def single_search(self, config: SweepConfig) -> SingleSearch:
        return SingleSearch(self.chosen, "for a reason")


TWINS, WHOLE = TwoSearches(chosen="TPE"), TwoSearches(chosen=None)


def test_a_combined_sampler_of_another_package_names_the_search_that_katib_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("TWINS", "WHOLE"):
        monkeypatch.setitem(vars(SAMPLERS)["_built_in"], name, EntryPoint(name, f"{__name__}:{name}", SAMPLERS.group))
    found = search_of(config_of("bayesian", X, sampler="TWINS", n_trials=9), parallel=2)
    assert found.algorithm is Algorithm.MULTIVARIATE_TPE
    assert "optimization.sampler: TWINS: TPE from the first trial on (for a reason)" in unsupported(found)
    found = search_of(config_of("bayesian", SMALL, sampler="WHOLE", n_trials=6), parallel=2)
    assert (found.algorithm, found.finest) == (Algorithm.GRID, True)


@pytest.mark.parametrize(
    ("sampler", "parallel", "options", "settings"),
    [
        ("TPE", 1, {"n_ei_candidates": 30, "prior_weight": 0.5}, {"n_EI_candidates": "30", "prior_weight": "0.5"}),
        ("TPE", 2, {"n_ei_candidates": 30, "n_startup_trials": 7}, {"n_ei_candidates": "30", "n_startup_trials": "7"}),
        ("GP", 2, {"n_startup_trials": 7}, {"n_initial_points": "7", "base_estimator": "GP"}),
        ("Random", 2, {}, {}),
    ],
)
def test_options_go_by_katibs_names_and_the_seed_with_them(
    sampler: str, parallel: int, options: dict[str, object], settings: dict[str, str]
) -> None:
    config = config_of("bayesian", X, sampler=sampler, n_trials=9, seed=7, sampler_options=options)
    assert search_of(config, parallel=parallel).settings == {**settings, "random_state": "7"}


def test_a_sobol_search_has_no_seed_and_is_told_so() -> None:
    assert search_of(config_of("bayesian", X, sampler="QMC", n_trials=8), parallel=2).settings == {}
    found = search_of(config_of("sobol", X, n_trials=8), parallel=2)
    assert (found.algorithm, found.settings, found.trials) == (Algorithm.SOBOL, {}, 8)
    assert "always the same one" in unsupported(found) and "points may come twice" not in unsupported(found)
    drawn = search_of(config_of("random", X, n_trials=8, seed=3), parallel=2)
    assert (drawn.algorithm, drawn.settings) == (Algorithm.RANDOM, {"random_state": "3"})
    assert "points may come twice" in unsupported(drawn)


def test_a_grid_too_large_for_katib_is_told() -> None:
    def grid(points: int) -> str:
        space = {"x": {"type": "int", "low": 1, "high": points, "points": points}}
        return unsupported(search_of(config_of("grid", space), parallel=2))

    assert "more than Katib's Suggestion holds well" not in grid(MANY_POINTS)
    assert f"{MANY_POINTS + 1} trials are more than Katib's Suggestion holds well" in grid(MANY_POINTS + 1)


@pytest.mark.parametrize("kind", ["grid", "random", "sobol", "latin_hypercube"])
def test_designs_with_constraints_run_their_own_points(kind: str) -> None:
    config = config_of(kind, SMALL, **({} if kind == "grid" else {"n_trials": 3}))
    constrained = parse_config(
        {**config.model_dump(mode="json"), "constraints": ["depth > 1 or kind == 'a'"]}, where="f"
    )
    found = search_of(constrained, parallel=2)
    assert found.numbered and found.trials == (5 if kind == "grid" else 3)


@pytest.mark.parametrize("sampler", ["TPE", "GP", "auto"])
def test_a_sampler_of_katib_cannot_keep_constraints(sampler: str) -> None:
    config = config_of("bayesian", X, n_trials=8, sampler=sampler)
    constrained = parse_config({**config.model_dump(mode="json"), "constraints": ["x < y"]}, where="sweep.yaml")
    with pytest.raises(
        ConfigError, match="^constraints: Katib's algorithms would run points that break them; use grid"
    ):
        search_of(constrained, parallel=2)


def test_conditions_that_katib_does_not_know_are_named() -> None:
    found = unsupported(search_of(config_of("random", CONDITIONAL, n_trials=4), parallel=2))
    assert "it always assigns momentum; trials leave out what is not there" in found
    assert "conditions" not in unsupported(search_of(config_of("random", X, n_trials=8), parallel=2))
