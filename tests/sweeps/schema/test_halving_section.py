"""The section `halving` of a sweep file: its keys and its rules."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.search.registry import strategy_of


def config_of(
    kind: str = "random", experiment: Mapping[str, object] | None = None, **optimization: object
) -> SweepConfig:
    return parse_config(
        {
            "sweep_type": kind,
            "experiment": {"workload": "toy:rising", **(experiment or {})},
            "parameters": {"x": {"low": 0.0, "high": 1.0}},
            "optimization": {"strategy": "halving", **optimization},
        },
        where="sweep.yaml",
    )


@pytest.mark.parametrize(
    ("kind", "experiment", "optimization", "said"),
    [
        ("progressive", {}, {}, "a progressive sweep chooses configurations by full trainings; use"),
        ("random", {}, {"n_trials": 9, "pruner": "MedianPruner"}, "halving decides how far trials are trained"),
        (
            "random",
            {"replicates": 3},
            {"n_trials": 9},
            "experiment.replicates: halving trains a configuration with one",
        ),
        ("bayesian", {}, {"reproducible": False}, "optimization.reproducible: halving always is"),
        ("random", {}, {"n_trials": 9, "halving": {"budget": 9}}, "halving.full: must be given with a budget"),
        (
            "random",
            {},
            {"n_trials": 9, "halving": {"budget": 9, "full": 50}},
            "gives 80 trials; give a budget or n_trials",
        ),
        ("grid", {}, {"halving": {"budget": 9, "full": 50}}, "the grid has its own number of trials"),
        ("random", {}, {"n_trials": 9, "halving": {"eta": 1}}, "eta: must be >= 2"),
        ("random", {}, {"n_trials": 9, "halving": {"first_rung": "two"}}, "must be auto or a whole number >= 1"),
        (
            "random",
            {},
            {"strategy": None, "n_trials": 9, "halving": {"eta": 4}},
            "halving: needs strategy: halving or asha",
        ),
        ("random", {}, {"strategy": "asha", "n_trials": 9}, "halving.full: must be given with strategy: asha"),
        (
            "bayesian",
            {},
            {"strategy": "asha", "halving": {"full": 9}},
            "asha takes configurations that are fixed ahead",
        ),
        (
            "random",
            {},
            {"strategy": "asha", "n_trials": 9, "halving": {"full": 9, "brackets": 2}},
            "asha has neither brackets nor a budget",
        ),
        (
            "random",
            {},
            {"strategy": "halfing", "n_trials": 9},
            "must be one of halving, asha, auto, pbt, but got 'halfing'; did you mean",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(
    kind: str, experiment: Mapping[str, object], optimization: Mapping[str, object], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        config_of(kind, experiment, **optimization)


def test_a_budget_in_full_trainings_gives_the_number_of_trials() -> None:
    config = config_of(halving={"budget": 10, "full": 51})
    assert config.n_trials == strategy_of(config).trials
    plan = config.optimization.halving.plan(config.n_trials or 0, 51, learns=False)
    assert 9.5 < plan.cost <= 10


@pytest.mark.parametrize(("kind", "brackets"), [("random", 1), ("bayesian", 4)])
def test_only_a_sampler_gets_several_brackets_by_default(kind: str, brackets: int) -> None:
    config = config_of(kind, n_trials=60, halving={"full": 50})
    assert len(config.optimization.halving.plan(81, 50, learns=config.brackets_learn).brackets) == brackets


def test_the_rungs_identify_a_sweep_and_its_absence_changes_no_identity() -> None:
    plain = config_of(strategy=None, n_trials=9)
    assert "halving" not in plain.identifying["optimization"]  # type: ignore[operator]  # a mapping
    assert config_of(n_trials=9).identity != config_of(n_trials=10).identity
    assert config_of(n_trials=9).identity != config_of(n_trials=9, halving={"full": 9}).identity
    assert config_of(strategy=None, n_trials=9).identity == config_of(strategy=None, n_trials=10).identity


@pytest.mark.parametrize("halving", [{}, {"full": 50}, {"full": 9, "budget": 12}, {"full": 9, "first_rung": 4}])
def test_auto_halves_where_it_can(halving: Mapping[str, object]) -> None:
    trials = {} if "budget" in halving else {"n_trials": 60}
    chosen = config_of("bayesian", None, **{"strategy": "auto", "halving": halving, **trials})
    assert chosen == config_of("bayesian", None, **{"halving": halving, **trials})


@pytest.mark.parametrize(
    ("kind", "experiment", "optimization"),
    [
        ("progressive", {}, {}),
        ("bayesian", {}, {"n_trials": 9, "pruner": "MedianPruner"}),
        ("bayesian", {}, {"n_trials": 9, "reproducible": False}),
        ("random", {"replicates": 3}, {"n_trials": 9}),
        ("random", {}, {"n_trials": 9, "halving": {"full": 4}}),
        ("random", {}, {"n_trials": 9, "halving": {"full": 50, "first_rung": 50}}),
    ],
)
def test_auto_trains_fully_where_something_else_decides_or_no_rung_fits(
    kind: str, experiment: Mapping[str, object], optimization: Mapping[str, object]
) -> None:
    chosen = config_of(kind, experiment, **{**optimization, "strategy": "auto"})
    fully = {name: value for name, value in optimization.items() if name != "halving"}
    assert chosen == config_of(kind, experiment, **{**fully, "strategy": None})


def test_full_trainings_that_auto_chooses_are_as_many_as_the_budget_says() -> None:
    chosen = config_of("random", strategy="auto", halving={"full": 4, "budget": 12.5})
    assert chosen.optimization.strategy is None and chosen.n_trials == 12
