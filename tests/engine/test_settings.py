"""The parameters of the engine, and the messages about mistakes."""

from __future__ import annotations

import ast
import inspect
import math
from dataclasses import asdict, fields
from typing import get_type_hints

import pytest

from morphogenetic_engine.engine.settings import PARAMETERS, TrainingSettings
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.trial import Params, Value

KINDS = get_type_hints(TrainingSettings)
INTEGERS = sorted(name for name, kind in KINDS.items() if kind is int)
FLOATS = sorted(name for name, kind in KINDS.items() if kind is float)


def refusal(params: Params) -> str:
    with pytest.raises(ConfigError) as caught:
        TrainingSettings.from_params(params)
    return str(caught.value)


def test_defaults_are_those_of_the_design() -> None:
    promised: dict[str, Value] = {
        "hidden_dim": 128,
        "num_layers": 8,
        "seeds_per_layer": 1,
        "lr": 3e-3,
        "shadow_lr": 1e-3,
        "batch_size": 64,
        "warm_up_epochs": 50,
        "adaptation_epochs": 200,
        "blend_steps": 30,
        "progress_thresh": 0.6,
        "drift_warn": 0.12,
        "acc_threshold": 0.95,
        "patience": 15,
        "delta": 1e-4,
        "n_samples": 2000,
        "noise": 0.25,
        "seed": 42,
        "device": "auto",
        "save_model": True,
        "checkpoint_every": 0,
        "threads": 1,
    }
    settings = asdict(TrainingSettings.from_params({}))
    assert {name: settings[name] for name in promised} == promised


def test_parameters_are_pinned() -> None:
    assert sorted(PARAMETERS) == sorted(
        "acc_threshold adaptation_epochs batch_size blend_steps checkpoint_every cluster_count cluster_sep cluster_size"
        " cluster_std data_file delta device drift_warn hidden_dim input_dim lr moon_noise moon_sep n_samples noise"
        " num_layers patience problem_type progress_thresh rotations save_model seed seeds_per_layer shadow_lr"
        " sphere_count sphere_noise sphere_radii sphere_size threads train_frac warm_up_epochs".split()
    )


def test_every_parameter_is_plain_and_documented() -> None:
    definition = ast.parse(inspect.getsource(TrainingSettings)).body[0]
    assert isinstance(definition, ast.ClassDef)
    documented = [
        field.target.id
        for field, doc in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(doc, ast.Expr)
    ]
    assert documented == [field.name for field in fields(TrainingSettings)]
    assert set(KINDS.values()) == {bool, int, float, str}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lr": -1.0}, "lr: must be > 0, but got lr=-1.0"),
        ({"train_frac": 1.0}, "train_frac: must be < 1, but got train_frac=1.0"),
        ({"acc_threshold": 1.5}, "acc_threshold: must be <= 1, but got acc_threshold=1.5"),
        ({"hidden_dim": 0}, "hidden_dim: must be >= 1, but got hidden_dim=0"),
        ({"hidden_dim": 64.5}, "hidden_dim: must be a whole number, but got hidden_dim=64.5"),
        ({"lr": "fast"}, "lr: must be a number, but got lr='fast'"),
        ({"device": 0}, "device: must be text, but got device=0"),
        ({"save_model": 1}, "save_model: must be true or false, but got save_model=1"),
        ({"learning_rat": 1}, "learning_rat: is not a parameter of the engine"),
        ({"warmup_epochs": 1}, "warmup_epochs: is not a parameter of the engine; did you mean 'warm_up_epochs'?"),
        (
            {"problem_type": "mooons"},
            "problem_type: must be one of spirals, moons, clusters, spheres, complex_moons, digits, wine,"
            " breast_cancer, file, but got 'mooons'; did you mean 'moons'?",
        ),
        ({"device": "tpu"}, "device: must be one of auto, cpu, cuda, cuda:<number>, but got 'tpu'"),
        ({"sphere_radii": "1;2"}, "sphere_radii: must be comma-separated numbers, but got '1;2'"),
        ({"sphere_radii": "1,-2"}, "sphere_radii: must be finite and > 0, but got '1,-2'"),
        (
            {"problem_type": "spheres", "sphere_count": 3},
            "sphere_radii: must hold one radius a sphere, sphere_count=3, but got '1.0,2.0'",
        ),
        (
            {"problem_type": "spheres", "input_dim": 2},
            "input_dim: must be >= 3 for problem_type=spheres, but got input_dim=2",
        ),
        (
            {"warm_up_epochs": 0, "adaptation_epochs": 0},
            "warm_up_epochs: must be >= 1 when adaptation_epochs is 0, but got warm_up_epochs=0",
        ),
    ],
)
def test_mistakes_are_named_with_rule_and_value(params: Params, message: str) -> None:
    assert refusal(params) == message


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("value", [True, "3", 1.5, -1, math.inf])
def test_whole_numbers_reject_everything_else(name: str, value: Value) -> None:
    assert refusal({name: value}).startswith(f"{name}: must be ")


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("value", [True, "0.1", math.nan, math.inf, 10**400])
def test_numbers_reject_everything_else(name: str, value: Value) -> None:
    assert refusal({name: value}).startswith(f"{name}: must be ")


@pytest.mark.parametrize("name", [name for name in FLOATS if name != "moon_sep"])
def test_numbers_reject_negative_values(name: str) -> None:
    assert refusal({name: -0.5}).startswith(f"{name}: must be >")


def test_integral_float_is_a_whole_number_and_whole_number_is_a_float() -> None:
    settings = TrainingSettings.from_params({"hidden_dim": 64.0, "lr": 1, "device": "cuda:1"})
    assert (settings.hidden_dim, settings.lr, settings.device) == (64, 1.0, "cuda:1")
    assert (repr(settings.hidden_dim), repr(settings.lr)) == ("64", "1.0")


def test_settings_built_directly_are_checked_too() -> None:
    with pytest.raises(ConfigError, match="patience: must be >= 1"):
        TrainingSettings(patience=0)
