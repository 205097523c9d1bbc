"""Groups of parameters: what is a group, the names of what is in it, and how workloads get it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import config_of_json, parse_config
from morphogenetic_engine.sweeps.schema.parameter_groups import flat_parameters, flat_values
from morphogenetic_engine.trial import Params
from morphogenetic_engine.workload.nested_parameters import nested

OPTIMIZER: Mapping[str, object] = {
    "optimizer": {
        "kind": ["sgd", "adam"],
        "lr": {"low": 1e-4, "high": 1.0, "log": True},
        "momentum": {"low": 0.0, "high": 0.9, "when": {"optimizer.kind": "sgd"}},
        "nesterov": True,
    },
    "depth": [1, 2],
}


def config_of(parameters: Mapping[str, object], **experiment: object) -> SweepConfig:
    written = {"experiment": {"workload": "toy:nothing", **experiment}, "parameters": parameters}
    return parse_config({"sweep_type": "random", "optimization": {"n_trials": 2}, **written}, where="sweep.yaml")


def test_a_group_gives_its_parameters_its_name() -> None:
    config = config_of(OPTIMIZER, model={"norm": {"kind": "batch", "eps": [1e-5, 1e-3]}}, optimizer={"eps": 1e-8})
    names = ["optimizer.kind", "optimizer.lr", "optimizer.momentum", "optimizer.nesterov", "depth"]
    assert list(config.space.axes) == ["model.norm.eps", *names]
    assert config.space.fixed == {"model.norm.kind": "batch", "optimizer.eps": 1e-8}
    assert config.space.conditions == {"optimizer.momentum": {"optimizer.kind": ("sgd",)}}


def test_names_with_dots_say_the_same() -> None:
    dotted = {f"optimizer.{name}": each for name, each in dict(OPTIMIZER["optimizer"]).items()}  # type: ignore[call-overload]
    assert config_of({**dotted, "depth": [1, 2]}) == config_of(OPTIMIZER)
    config = config_of(OPTIMIZER)
    assert config_of_json(config.canonical_json, where="sweep.json").config == config


def test_the_condition_of_a_group_holds_for_all_that_is_in_it() -> None:
    parameters = {
        "kind": ["sgd", "adam"],
        "sgd": {
            "when": {"kind": "sgd"},
            "momentum": {"low": 0.0, "high": 0.9},
            "steps": [1, 2],
            "decay": {"choices": [0.1, 0.2], "when": {"sgd.steps": 2}},
        },
    }
    conditions = config_of(parameters).space.conditions
    assert conditions["sgd.momentum"] == conditions["sgd.steps"] == {"kind": ("sgd",)}
    assert conditions["sgd.decay"] == {"kind": ("sgd",), "sgd.steps": (2,)}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lr": {"low": 1, "hihg": 3}}, "parameters.lr.hihg: unknown key; did you mean 'high'? (and 1 more)"),
        ({"a": {"lr": {"low": 1, "hihg": 3}}}, "parameters.a.lr.hihg: unknown key; did you mean 'high'? (and 1 more)"),
        ({"lr": {"min": 1, "max": 3}}, "parameters.lr.min: unknown key (and 3 more)"),
        ({"lr": {"values": [1, 2]}}, "parameters.lr.values: unknown key (and 2 more)"),
        ({"a": {"b": [1]}, "a.b": [2]}, "parameters: a.b is a duplicate name; keep one"),
        ({"a": [2], "a.c": [2]}, "parameters: a has a value, so there can be no a.c in it"),
        ({"a": {"1st": [1]}}, "parameters: names must match"),
        ({"a": {"b c": {"d": [1]}}}, "parameters: names must match"),
    ],
)
def test_a_mistake_is_named_with_its_full_name(parameters: Mapping[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(parameters)
    assert str(caught.value).startswith(f"sweep.yaml: {message}")


def test_the_json_schema_takes_groups_and_still_finds_misspelt_keys() -> None:
    schema = SweepConfig.model_json_schema()
    jsonschema.validate(
        {"parameters": {"lr": {"low": 0, "high": 1}, "x": {"type": "normal", "mean": 0, "std": 1}}}, schema
    )
    jsonschema.validate({"parameters": OPTIMIZER, "experiment": {"model": {"norm": {"eps": [1, 2]}}}}, schema)
    for wrong in ({"lr": {"low": 1, "hihg": 3}}, {"a": {"lr": {"low": 1, "hihg": 3}, "b": [1]}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"parameters": wrong}, schema)


NAMES = st.text("abc", min_size=1, max_size=2)
VALUES = st.integers() | st.booleans() | st.text("xyz", max_size=3)
GROUPS = st.recursive(
    st.dictionaries(NAMES, VALUES, min_size=1, max_size=3),
    lambda inner: st.dictionaries(NAMES, VALUES | inner, min_size=1, max_size=3),
)


@given(GROUPS)
def test_nesting_is_the_inverse_of_writing_out(written: dict[str, object]) -> None:
    flat: Params = flat_values(written)  # type: ignore[assignment]  # all leaves are values
    assert nested(flat) == written
    assert json.loads(json.dumps(nested(flat))) == written
    assert flat_values(flat) == flat


@given(
    st.recursive(
        st.dictionaries(NAMES, st.lists(VALUES, min_size=1), min_size=1, max_size=3),
        lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    )
)
def test_groups_of_choices_are_written_out_whatever_their_depth(written: dict[str, object]) -> None:
    flat = flat_parameters(written)
    assert flat == flat_values(written)
    assert all(isinstance(each, list) for each in flat.values())
