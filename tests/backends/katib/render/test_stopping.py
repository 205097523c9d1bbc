"""Pruners and early stopping as Katib's early stopping."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from morphogenetic_engine.backends.katib.render.stopping import early_stopping, goal, unsupported_stopping
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config


def config_of(early: Mapping[str, object] | None = None, **optimization: object) -> SweepConfig:
    written: dict[str, object] = {
        "sweep_type": "bayesian",
        "parameters": {"x": {"low": 0.0, "high": 1.0}},
        "optimization": {"n_trials": 20, "pruner": "none", **optimization},
    }
    if early is not None:
        written["execution"] = {"early_stopping": early}
    return parse_config(written, where="sweep.yaml")


def median(**options: object) -> SweepConfig:
    return config_of(pruner="MedianPruner", pruner_options=options)


def lost(config: SweepConfig, parallel: int = 2, trials: int = 20) -> list[tuple[str, str]]:
    return [(each.key, each.text) for each in unsupported_stopping(config, parallel, trials)]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"n_startup_trials": 7, "n_warmup_steps": 3}, {"min_trials_required": "7", "start_step": "4"}),
        ({"n_startup_trials": 0, "n_warmup_steps": 0}, {"min_trials_required": "1", "start_step": "1"}),
        ({}, {"min_trials_required": "5", "start_step": "4"}),
    ],
)
def test_the_median_pruner_is_katibs_medianstop(options: dict[str, object], wanted: dict[str, str]) -> None:
    found = early_stopping(median(**options))
    assert found == {
        "algorithmName": "medianstop",
        "algorithmSettings": [{"name": name, "value": value} for name, value in wanted.items()],
    }


def test_no_other_pruner_has_a_like() -> None:
    assert early_stopping(config_of()) is None and not lost(config_of())
    assert early_stopping(config_of(pruner="HyperbandPruner")) is None
    assert lost(config_of(pruner="HyperbandPruner")) == [
        ("optimization.pruner", "Katib has no HyperbandPruner: every trial runs to its end")
    ]


@pytest.mark.parametrize("value", [True, 1.5, -1])
def test_a_setting_that_is_no_whole_number_is_an_error(value: object) -> None:
    with pytest.raises(ConfigError, match="n_startup_trials: must be"):
        early_stopping(median(n_startup_trials=value))


def test_a_comparison_among_thinned_reports_is_an_error() -> None:
    with pytest.raises(ConfigError, match="n_warmup_steps: must be less than 8192 on Katib"):
        early_stopping(median(n_warmup_steps=8192))
    assert early_stopping(median(n_warmup_steps=8191)) is not None


def test_what_medianstop_does_otherwise_is_told() -> None:
    (once,) = lost(median(n_warmup_steps=0))
    assert "at report 1, with the mean" in once[1]
    _, unknown = lost(median(n_warmup_steps=6, interval_steps=2))
    assert unknown[0] == "optimization.pruner_options.interval_steps"
    assert len(lost(median(n_startup_trials=8), parallel=2, trials=10)) == 1
    assert "8 must succeed first, and 3 run" in lost(median(n_startup_trials=8), parallel=3, trials=10)[-1][1]


@pytest.mark.parametrize(
    ("early", "reached"),
    [
        (None, None),
        ({"patience": 5}, None),
        ({"threshold": 0.9}, 0.9),
        ({"threshold": 0.9, "metric": "val_acc", "direction": "maximize"}, 0.9),
        ({"threshold": 0.9, "metric": "loss"}, None),
        ({"threshold": 0.9, "direction": "minimize"}, None),
    ],
    ids=str,
)
def test_only_a_threshold_of_the_objective_is_a_goal(early: Mapping[str, object] | None, reached: float | None) -> None:
    assert goal(config_of(early)) == reached


@pytest.mark.parametrize(
    ("early", "keys"),
    [
        ({"patience": 5}, ["patience"]),
        ({"threshold": 0.9, "min_trials": 0}, ["threshold"]),
        ({"threshold": 0.9, "min_trials": 3}, ["threshold", "min_trials"]),
        ({"threshold": 0.9, "metric": "loss", "min_trials": 3, "patience": 2}, ["patience", "threshold"]),
    ],
    ids=str,
)
def test_what_katib_does_not_do_of_an_early_stop_is_told(early: Mapping[str, object], keys: list[str]) -> None:
    assert [key.removeprefix("execution.early_stopping.") for key, _ in lost(config_of(early))] == keys
