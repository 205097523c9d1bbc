"""`sweep check` says what outcome constraints do in a sweep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morphogenetic_engine.cli.views.constraint_effects import constraint_effects, limits_text
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from tests.cli.conftest import Command

RESULT = "the result: a trial that breaks a limit is ruled out, and the best is the best feasible one"
SWEEP = """
sweep_type: bayesian
experiment: {workload: "toy:rising"}
parameters: {x: {low: 0.0, high: 1.0}, y: {low: 0.0, high: 1.0}}
optimization: {n_trials: 12, sampler: auto, outcome_constraints: {latency_ms: {max: 20}, size: {min: 1, max: 2}}}
"""


def config_of(sweep_type: str, **optimization: object) -> SweepConfig:
    limits = {"latency_ms": {"max": 20}}
    trials = {} if sweep_type in {"grid", "progressive"} else {"n_trials": 40}
    return parse_config(
        {
            "sweep_type": sweep_type,
            "parameters": {"x": {"low": 0.0, "high": 1.0, "points": 50}, "y": {"low": 0.0, "high": 1.0, "points": 2}},
            "optimization": {"outcome_constraints": limits, **trials, **optimization},
        },
        where="sweep.yaml",
    )


@pytest.mark.parametrize(
    ("config", "effects"),
    [
        (config_of("grid"), ["grid: searches as without them"]),
        (config_of("progressive"), ["progressive: the next grid lies around feasible trials, or around the nearest"]),
        (config_of("bayesian"), ["TPE: learns where they are kept"]),
        (config_of("bayesian", sampler="Random"), ["Random: searches as without them"]),
        (config_of("bayesian", sampler="auto"), ["auto (TPE): learns where they are kept"]),
        (
            config_of("bayesian", pruner="MedianPruner"),
            ["TPE: learns where they are kept", "MedianPruner: compares with feasible trials"],
        ),
        (
            config_of("sobol", strategy="halving"),
            [
                "sobol: searches as without them",
                "halving: at each rung feasible trials go on first, then the nearest",
            ],
        ),
    ],
)
def test_each_part_of_a_sweep_is_named(config: SweepConfig, effects: list[str]) -> None:
    assert constraint_effects(config) == [*effects, RESULT]


def test_a_sweep_without_constraints_has_no_effects() -> None:
    config = config_of("bayesian", outcome_constraints={})
    assert not constraint_effects(config) and not limits_text(config)


def test_check_prints_limits_and_effects(command: Command, workplace: Path) -> None:
    (workplace / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    ran = command("sweep", "check", "--config", "sweep.yaml", "--watch", "0")
    assert "outcome constraints: latency_ms <= 20, size 1 to 2\n  auto (TPE): learns where they are kept" in ran.out
    checked = json.loads(command("sweep", "check", "--config", "sweep.yaml", "--watch", "0", "--json").out)
    assert checked[0]["outcome_constraints"] == ["auto (TPE): learns where they are kept", RESULT]
