"""The configuration of Hydra's Optuna sweeper as a sweep file."""

from __future__ import annotations

import pytest
import yaml

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.schema.foreign.hydra_optuna import from_hydra, is_hydra
from morphogenetic_engine.sweeps.schema.foreign.recognition import foreign_format

CONFIG = """
defaults: [{override hydra/sweeper: optuna}]
hydra:
  sweeper:
    _target_: hydra_plugins.hydra_optuna_sweeper.optuna_sweeper.OptunaSweeper
    sampler: {_target_: optuna.samplers.TPESampler, seed: 123}
    direction: maximize
    n_trials: 25
    n_jobs: 2
    params:
      model.lr: tag(log, interval(1e-5, 1e-1))
      width: int(interval(8, 64))
      depth: range(1, 5)
      act: choice(relu, gelu)
      seed: 1, 2, 3
"""


def config(**params: str) -> dict[str, object]:
    written: dict[str, object] = yaml.safe_load(CONFIG)
    if params:
        written["hydra"]["sweeper"]["params"] = params  # type: ignore[index]
    return written


def test_a_configuration_becomes_a_valid_sweep_file() -> None:
    migration = from_hydra(config())
    parse_config(migration.written(), where="sweep.yaml")
    assert migration.parameters == {
        "model.lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
        "width": {"type": "int", "low": 8, "high": 64},
        "depth": {"type": "int", "low": 1, "high": 4, "step": 1},
        "act": ["relu", "gelu"],
        "seed": [1, 2, 3],
    }
    assert migration.execution == {"max_parallel": 2}
    assert migration.optimization["seed"] == 123


def test_the_stop_of_a_range_is_not_in_it() -> None:
    assert from_hydra(config(x="range(0, 8, step=3)")).parameters["x"] == {
        "type": "int",
        "low": 0,
        "high": 6,
        "step": 3,
    }


def test_an_unknown_override_is_an_error_that_names_its_place() -> None:
    with pytest.raises(ConfigError, match=r"^hydra\.sweeper\.params\.x: must be interval"):
        from_hydra(config(x="glob(*)"))


def test_it_is_recognised_among_other_configurations() -> None:
    assert is_hydra(config())
    assert not is_hydra({"hydra": {"run": {"dir": "."}}})
    assert foreign_format({"parameters": {"lr": [1, 2]}}) is None
