"""W&B sweeps as sweep files."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.schema.foreign.migration import Migration
from morphogenetic_engine.sweeps.schema.foreign.wandb_sweep import from_wandb, is_wandb

SWEEP = """
program: train.py
method: bayes
metric: {name: val_loss, goal: minimize, target: 0.1}
parameters:
  optimizer: {values: [adam, sgd], probabilities: [0.7, 0.3]}
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-1}
  batch_size: {distribution: q_uniform, q: 8, min: 32, max: 256}
  dropout: {distribution: normal, mu: 0.3, sigma: 0.1}
  epochs: {value: 3}
  model: {parameters: {depth: {values: [2, 3]}}}
early_terminate: {type: hyperband, min_iter: 3}
run_cap: 20
command: ["${env}", "${interpreter}", "${program}", "--tag={run}", "${args}"]
"""


def migration(**changes: object) -> Migration:
    return from_wandb({**yaml.safe_load(SWEEP), **changes})


def test_a_sweep_becomes_a_valid_sweep_file() -> None:
    written = migration().written()
    config = parse_config(written, where="sweep.yaml")
    assert config.sweep_type == "bayesian"
    assert list(config.space.axes) == ["optimizer", "lr", "batch_size", "dropout", "model.depth"]
    assert written["optimization"] == {
        "target_metric": "val_loss",
        "direction": "minimize",
        "n_trials": 20,
        "pruner": "HyperbandPruner",
        "pruner_options": {"min_resource": 3},
    }
    assert written["execution"] == {"early_stopping": {"threshold": 0.1}}


def test_ranges_keep_type_scale_and_step() -> None:
    parameters = migration().parameters
    assert parameters["lr"] == {"type": "float", "low": 1e-5, "high": 1e-1, "log": True}
    assert parameters["batch_size"] == {"type": "int", "low": 32, "high": 256, "step": 8}
    assert parameters["dropout"] == {"type": "normal", "mean": 0.3, "std": 0.1}
    assert parameters["optimizer"] == {"choices": ["adam", "sgd"], "probabilities": [0.7, 0.3]}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (
            {"distribution": "q_log_uniform_values", "q": 8, "min": 3, "max": 250},
            {"type": "int", "low": 8, "high": 248, "log": True, "step": 8},
        ),
        (
            {"distribution": "q_log_uniform_values", "q": 0.01, "min": 0.001, "max": 0.5},
            {"type": "float", "low": 0.01, "high": 0.5, "log": True, "step": 0.01},
        ),
        (
            {"distribution": "log_normal", "mu": 0, "sigma": 0.5},
            {"type": "log_normal", "mean": 1.0, "std": 0.5},
        ),
        (
            {"distribution": "q_normal", "mu": 64, "sigma": 10, "q": 16},
            {"type": "normal", "mean": 64.0, "std": 10.0, "low": 32.0, "high": 96.0, "step": 16},
        ),
    ],
)
def test_distributions_become_ranges_that_are_valid(written: dict[str, object], found: dict[str, object]) -> None:
    parameters = migration(parameters={"x": written}).parameters
    assert parameters["x"] == found
    assert list(parse_config({"parameters": parameters}, where="sweep.yaml").space.axes) == ["x"]


def test_the_command_gets_an_argument_for_each_parameter_and_keeps_braces() -> None:
    command = migration().experiment["command"]
    assert command[:4] == ["/usr/bin/env", "python3", "train.py", "--tag={{run}}"]  # type: ignore[index]
    assert command[4:6] == ["--epochs={epochs}", "--optimizer={optimizer}"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, "parameters.dropout.distribution"),
        ({"entity": "team"}, "entity"),
        ({"early_terminate": {"type": "envelope"}}, "early_terminate.type"),
        ({"command": ["${interpreter}", "${envvar:HOME}"]}, "command"),
    ],
)
def test_every_setting_without_a_counterpart_is_noted(changes: dict[str, object], key: str) -> None:
    assert key in [note.key for note in migration(**changes).notes]


def test_a_search_without_run_cap_gets_a_number_of_trials_and_a_note() -> None:
    written = yaml.safe_load(SWEEP)
    del written["run_cap"]
    found = from_wandb(written)
    assert found.optimization["n_trials"] == 50
    assert "run_cap" in [note.key for note in found.notes]


def test_a_value_of_the_wrong_form_is_an_error_that_names_its_place() -> None:
    with pytest.raises(ConfigError, match=r"^parameters\.lr\.min: must be a number, but got 'small'$"):
        migration(parameters={"lr": {"min": "small", "max": 1}})


def test_a_sweep_file_of_ours_is_no_wandb_sweep() -> None:
    assert is_wandb(yaml.safe_load(SWEEP))
    assert not is_wandb({"sweep_type": "grid", "parameters": {"lr": [1, 2]}})


BOUNDS = st.tuples(st.floats(1e-6, 10), st.floats(11, 1e6))
RANGES = st.builds(
    lambda bounds, kind: {"min": bounds[0], "max": bounds[1], "distribution": kind},
    BOUNDS,
    st.sampled_from(["uniform", "log_uniform_values", "inv_log_uniform_values"]),
)
CHOICES = st.lists(st.integers(-5, 5) | st.sampled_from(["a", "b"]), min_size=1, max_size=4, unique_by=str)
PARAMETERS = st.dictionaries(
    st.from_regex(r"[a-z]{1,6}", fullmatch=True),
    RANGES | CHOICES.map(lambda values: {"values": values}),
    min_size=1,
    max_size=4,
)


@given(PARAMETERS, st.sampled_from(["bayes", "random"]))
def test_any_parameters_become_a_valid_sweep_file_with_the_same_names(
    parameters: dict[str, object], method: str
) -> None:
    written = {"method": method, "parameters": parameters, "run_cap": 1, "program": "t.py", "metric": {"name": "loss"}}
    config = parse_config(from_wandb(written).written(), where="sweep.yaml")
    assert list(config.space.axes) == list(parameters)
