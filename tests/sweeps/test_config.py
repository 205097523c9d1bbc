"""The schema as a whole: the meaning of a file, its canonical JSON, its identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_yaml
from morphogenetic_engine.sweeps.schema.execution_section import EarlyStopping
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.schema.search_names import STRATEGIES
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange
from morphogenetic_engine.trial import text

EXAMPLE = """
sweep_type: "grid"              # or "bayesian", "random", "latin_hypercube", "sobol"
experiment:                     # fixed parameters; a list here is one more axis
  workload: morphogenetic_engine.engine.training:train   # the default
  problem_type: ["spirals", "moons"]
  input_dim: 3
parameters:
  num_layers: [4, 8, 16]        # a list: choices
  lr: [1e-4, 1e-3, 1e-2]        # PyYAML reads 1e-4 as text: it is a number here
  hidden_dim: {type: int, low: 32, high: 512, log: true}        # also: categorical/choices, float, step
execution:
  max_parallel: 4               # or auto
  timeout_per_trial: 3600       # seconds
  early_stopping: {metric: val_acc, patience: 10, min_trials: 20}   # stops the sweep; threshold: stops at a goal
optimization:
  target_metric: val_acc
  direction: maximize
  sampler: TPE                  # CmaEs, Random, ...
  pruner: MedianPruner
"""


def _config(written: str) -> SweepConfig:
    return SweepConfig.model_validate(parse_yaml(written, where="sweep.yaml"))


def test_every_line_of_the_documented_example_means_what_it_says() -> None:
    config = _config(EXAMPLE)
    assert config.sweep_type == "grid"
    assert config.experiment.workload == "morphogenetic_engine.engine.training:train"
    assert config.space.axes == {
        "problem_type": Choices(("spirals", "moons")),
        "num_layers": Choices((4, 8, 16)),
        "lr": Choices((0.0001, 0.001, 0.01)),
        "hidden_dim": IntRange(32, 512, log=True),
    }
    assert list(config.space.axes) == ["problem_type", "num_layers", "lr", "hidden_dim"]
    assert config.space.fixed == {"input_dim": 3}
    assert config.execution.max_parallel == 4
    assert config.execution.timeout_per_trial == 3600.0
    assert config.execution.early_stopping == EarlyStopping(metric="val_acc", patience=10, min_trials=20)
    assert config.optimization.target_metric == "val_acc"
    assert config.optimization.direction is Direction.MAXIMIZE
    assert (config.optimization.sampler, config.optimization.pruner) == ("TPE", "MedianPruner")


def test_an_empty_mapping_is_one_trial_of_the_engine() -> None:
    config = SweepConfig.model_validate({})
    assert config.points == 1
    assert config.sweep_type == "grid"
    assert config.optimization.seed == 42


SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda each: "e" not in each.lower())
)
LISTS = st.lists(
    SCALARS, min_size=1, max_size=4, unique_by=(text, lambda each: ("text", each) if isinstance(each, str) else each)
)
EXTRAS: list[dict[str, object]] = [{}, {"log": True}, {"points": 3}, {"log": True, "points": 1}]
BOUNDS = st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)) | st.tuples(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
RANGES = st.tuples(BOUNDS, st.sampled_from(EXTRAS)).map(
    lambda drawn: {"low": min(drawn[0]), "high": max(drawn[0]), **drawn[1]}
)
NAMES = st.from_regex(r"p_[A-Za-z0-9_-]{0,5}", fullmatch=True)
SEARCHED = st.dictionaries(NAMES, LISTS | RANGES | SCALARS, max_size=3)
FIXED = st.dictionaries(NAMES.map(lambda name: f"x{name}"), SCALARS | LISTS, max_size=3)
EXECUTION = st.fixed_dictionaries(
    {},
    optional={
        "max_parallel": st.just("auto") | st.integers(1, 99),
        "timeout_per_trial": st.floats(0.1, 1e9),
        "retries": st.integers(0, 9),
        "early_stopping": st.fixed_dictionaries({"patience": st.integers(1, 9), "threshold": st.floats(-1e9, 1e9)}),
    },
)
OPTIMIZATION = st.fixed_dictionaries(
    {},
    optional={
        "target_metric": NAMES,
        "direction": st.sampled_from(["maximize", "minimize"]),
        "secondary_metrics": st.lists(NAMES, max_size=2),
        "timeout": st.floats(0.1, 1e9),
        "seed": st.integers(0, 2**32 - 1),
        "lookahead": st.integers(1, 99),
    },
)


def _with_trials(written: dict[str, Any]) -> dict[str, Any]:
    return {**written, "optimization": {"n_trials": 1, **written.get("optimization", {})}}


CONFIGS = st.fixed_dictionaries(
    {"sweep_type": st.sampled_from(STRATEGIES.built_in)},
    optional={"experiment": FIXED, "parameters": SEARCHED, "execution": EXECUTION, "optimization": OPTIMIZATION},
).map(_with_trials)


@settings(max_examples=150)
@given(CONFIGS)
def test_the_canonical_json_reads_as_the_same_sweep(written: dict[str, Any]) -> None:
    config = SweepConfig.model_validate(written)
    again = SweepConfig.model_validate_json(config.canonical_json)
    assert again == config
    assert again.identity == config.identity
    assert again.canonical_json == config.canonical_json
    assert list(again.space.axes.items()) == list(config.space.axes.items())


BASE: dict[str, Any] = {
    "experiment": {"workload": "toy:train", "a": 1, "b": [1, 2]},
    "parameters": {"x": [1, 2], "y": {"low": 0.0, "high": 1.0}},
    "optimization": {"n_trials": 10},
}


def _changed(base: Mapping[str, Any], section: str, key: str, value: object) -> SweepConfig:
    return SweepConfig.model_validate({**base, section: {**base.get(section, {}), key: value}})


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("execution", "max_parallel", 3),
        ("execution", "retries", 5),
        ("execution", "early_stopping", {"patience": 3}),
        ("tracking", "mlflow", True),
        ("optimization", "timeout", 60),
        ("optimization", "n_trials", 20),
    ],
)
def test_the_identity_stays_where_a_resumed_sweep_may_change(section: str, key: str, value: object) -> None:
    before = SweepConfig.model_validate(BASE)
    after = _changed(BASE, section, key, value)
    assert after.canonical_json != before.canonical_json
    assert after.identity == before.identity


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("experiment", "workload", "toy:other"),
        ("experiment", "a", 2),
        ("experiment", "a", True),
        ("experiment", "a", 1.0),
        ("experiment", "a", "1"),
        ("experiment", "b", [2, 1]),
        ("experiment", "c", 1),
        ("parameters", "x", [1, 2, 3]),
        ("parameters", "x", [2, 1]),
        ("parameters", "y", {"low": 0.0, "high": 1.0, "points": 5}),
        ("parameters", "z", [1]),
        ("optimization", "seed", 1),
        ("optimization", "target_metric", "loss"),
        ("optimization", "direction", "minimize"),
        ("optimization", "secondary_metrics", ["loss"]),
        ("optimization", "lookahead", 2),
        ("optimization", "sampler", "TPE"),
        ("optimization", "pruner", "none"),
    ],
)
def test_the_identity_changes_with_whatever_decides_the_trials(section: str, key: str, value: object) -> None:
    assert _changed(BASE, section, key, value).identity != SweepConfig.model_validate(BASE).identity


def test_the_identity_changes_with_the_order_of_the_parameters_and_the_kind_of_sweep() -> None:
    before = SweepConfig.model_validate(BASE)
    turned = {**BASE, "parameters": dict(reversed(BASE["parameters"].items()))}
    assert SweepConfig.model_validate(turned).identity != before.identity
    assert SweepConfig.model_validate({**BASE, "sweep_type": "random"}).identity != before.identity


def test_the_number_of_trials_identifies_a_latin_hypercube() -> None:
    base = {**BASE, "sweep_type": "latin_hypercube"}
    assert _changed(base, "optimization", "n_trials", 20).identity != SweepConfig.model_validate(base).identity


def test_a_command_sweep_reads_back_from_its_own_json() -> None:
    config = _config('{experiment: {command: [prog, "--lr={lr}", "{{}}"]}, parameters: {lr: [1, 2]}}')
    assert SweepConfig.model_validate_json(config.canonical_json) == config


def test_a_continuous_axis_makes_the_space_endless() -> None:
    config = _config("{parameters: {lr: {low: 1e-5, high: 0.1, log: true}}}")
    assert config.space.axes == {"lr": FloatRange(1e-5, 0.1, log=True)}
    assert config.points is None


def test_the_json_schema_describes_the_fields_and_the_shorthands() -> None:
    schema = SweepConfig.model_json_schema()
    assert set(schema["properties"]) == {
        "sweep_type",
        "experiment",
        "parameters",
        "execution",
        "optimization",
        "tracking",
        "resources",
        "constraints",
    }
    for each in schema["properties"].values():
        assert "description" in each or "description" in schema["$defs"][each["$ref"].removeprefix("#/$defs/")]
    parameter = schema["$defs"]["ParameterGroup"]["additionalProperties"]
    assert {"array", "string", "number", "integer", "boolean"} <= {each.get("type") for each in parameter["anyOf"]}
    optimization = schema["$defs"]["OptimizationConfig"]
    assert optimization["additionalProperties"] is False
    assert {"type": "integer", "minimum": 1, "maximum": 10_000_000} in optimization["properties"]["n_trials"]["anyOf"]
