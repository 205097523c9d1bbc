"""The arguments of a call as a sweep file: every key, the same messages, and text that reads back the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.python_api.call_arguments import Given, plain, sweep_file
from morphogenetic_engine.python_api.ranges import Choice, Float, Int
from morphogenetic_engine.python_api.yaml_text import config_text, yaml_text
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import config_of_text, parse_yaml, read_config

ROOT = Path(__file__).parents[2]


def config(parameters: Mapping[str, object], **given: object) -> SweepConfig:
    return sweep_file("toy:quadratic", parameters, Given(**given)).config  # type: ignore[arg-type]  # by name


def refusal(parameters: Mapping[str, object], **given: object) -> str:
    with pytest.raises(ConfigError) as refused:
        config(parameters, **given)
    return str(refused.value)


def test_groups_of_parameters_take_every_kind_of_value() -> None:
    found = config(
        {"optimizer": {"lr": Float(1e-3, 1, log=True), "inner": {"steps": [1, 2]}, "width": Int(1, 8)}, "x": 3}
    )
    assert list(found.space.axes) == ["optimizer.lr", "optimizer.inner.steps", "optimizer.width", "x"]
    assert found.sweep_type == "bayesian"
    assert config({"optimizer": {"lr": [0.1, 0.2], "kind": Choice(["a"])}}).sweep_type == "grid"
    message = "sweep(): parameters.optimizer.lr: low must be > 0 when log is true, but got low=0.0"
    assert refusal({"optimizer": {"lr": Float(0, 1, log=True)}}) == message


def test_priors_and_probabilities_are_those_of_a_file() -> None:
    found = config(
        {
            "x": Float(0, 1, mean=0.5, std=0.1),
            "n": Int(1, 9, mean=3, std=1),
            "k": Choice(["a", "b"], probabilities=(0.9, 0.1)),
        }
    )
    text = """
    sweep_type: bayesian
    experiment: {workload: "toy:quadratic"}
    parameters:
      x: {type: float, low: 0, high: 1, mean: 0.5, std: 0.1}
      n: {low: 1, high: 9, mean: 3, std: 1}
      k: {choices: [a, b], probabilities: [0.9, 0.1]}
    """
    assert found == config_of_text(text, where="sweep.yaml").config


def test_constraints_are_those_of_a_file() -> None:
    found = config({"x": [1, 2, 3], "y": [1, 2, 3]}, constraints="x < y")
    assert found.constraints == ("x < y",) and found.points == 3
    assert config({"x": Float(0, 1), "y": [1, 2]}, constraints=("x < y", "x > 0")).constraints == ("x < y", "x > 0")
    message = "sweep(): constraints[0]: column 5: unknown parameter z; text stands in quotes"
    assert refusal({"x": [1, 2]}, constraints=["x < z"]) == message


def test_a_call_says_what_a_file_says() -> None:
    text = """
    sweep_type: random
    experiment: {workload: "toy:quadratic", epochs: 3}
    parameters:
      lr: {type: float, low: 1e-3, high: 1, log: true, default: 0.1}
      kind: {type: categorical, choices: [a, b], default: a}
      width: {type: int, low: 8, high: 64, step: 8, when: {kind: b}, default: 16}
    execution: {max_parallel: 2, retries: 1}
    optimization: {target_metric: loss, direction: minimize, n_trials: 7, seed: 3, timeout: 60}
    resources: {gpu: 1}
    """
    called = config(
        {
            "lr": Float(1e-3, 1, log=True, default=0.1),
            "kind": Choice(("a", "b"), default="a"),
            "width": Int(8, 64, step=8, when={"kind": "b"}, default=16),
        },
        sweep_type="random",
        experiment={"epochs": 3},
        objective={"loss": "minimize"},
        trials=7,
        seed=3,
        timeout=60,
        parallel=2,
        execution={"retries": 1},
        resources={"gpu": 1},
    )
    assert called == config_of_text(text, where="sweep.yaml").config


def test_lists_alone_are_a_grid_and_everything_else_is_searched() -> None:
    assert str(config({"a": [1, 2], "b": 3}, experiment={}).sweep_type) == "bayesian"
    assert str(config({"a": [1, 2], "b": (True, False)}).sweep_type) == "grid"
    assert str(config({"a": [1, 2]}, trials=5).sweep_type) == "bayesian"
    assert str(config({"a": Float(0, 1)}, trials=5).sweep_type) == "bayesian"


def test_several_objectives_are_a_mapping() -> None:
    found = config({"a": [1]}, objective={"acc": "maximize", "cost": "minimize"}).optimization
    assert [(each.metric, str(each.direction)) for each in found.all_objectives] == [
        ("acc", "maximize"),
        ("cost", "minimize"),
    ]


@pytest.mark.parametrize(
    ("parameters", "given_too", "message"),
    [
        (
            {"lr": Float(0, 1, log=True)},
            {},
            "sweep(): parameters.lr: low must be > 0 when log is true, but got low=0.0",
        ),
        (
            {"lr": [1]},
            {"optimization": {"smapler": "TPE"}},
            "optimization.smapler: unknown key; did you mean 'sampler'?",
        ),
        (
            {"lr": [1]},
            {"trials": 3, "optimization": {"n_trials": 4}},
            "sweep(): optimization.n_trials is given twice, the second time as optimization['n_trials']; keep one",
        ),
        ({"lr": [1]}, {"execution": 4}, "sweep(): execution: must be a mapping of keys to values, but got 4"),
        ({"lr": [object()]}, {}, "sweep(): parameters.lr: must be a number, text, true or false, but got <object"),
        ({"lr": {1, 2}}, {}, "sweep(): parameters.lr: a set has no order; give a list"),
        ({"lr": [1]}, {"experiment": {3: 4}}, "sweep(): experiment: names must match"),
        ({"lr": [1]}, {"trials": "many"}, "sweep(): optimization.n_trials: must be a whole number, but got 'many'"),
    ],
)
def test_a_mistake_is_worded_as_in_a_file(
    parameters: Mapping[str, object], given_too: Mapping[str, object], message: str
) -> None:
    assert message in refusal(parameters, **given_too)


def test_a_file_has_its_own_parameters(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text("parameters: {x: [1, 2]}\n", encoding="utf-8")
    assert sweep_file(path, None, Given(seed=9)).config.optimization.seed == 9
    with pytest.raises(ConfigError, match="parameters: the file .* has its own; leave them out"):
        sweep_file(str(path), {"x": [1]}, Given())
    assert sweep_file({"parameters": {"x": (1, 2)}}, None, Given(seed=9)).config.optimization.seed == 9


def test_numbers_of_numpy_are_numbers() -> None:
    values = [np.float64(0.5), np.int32(3), np.bool_(True), np.str_("a")]
    assert plain(values, "") == [0.5, 3, True, "a"]
    assert all(type(each) in (float, int, bool, str) for each in plain(values, ""))  # type: ignore[attr-defined]  # a list
    assert plain(np.arange(3), "") == [0, 1, 2] and plain(range(2), "") == [0, 1]


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_text_of_a_configuration_gives_an_equal_configuration(example: Path) -> None:
    before = read_config(example).config
    assert config_of_text(config_text(before), where="text").config == before


def test_source_stands_in_a_block_and_shows_itself_as_printed() -> None:
    text = config_text(
        SweepConfig.model_validate(
            {
                "experiment": {
                    "workload": "sweep_source:train",
                    "workload_source": "def train(p, t):\n    return {}\n",
                },
                "parameters": {"x": [1, 2]},
            }
        )
    )
    assert "  workload_source: |\n    def train(p, t):\n        return {}\n" in text
    assert repr(text) == str(text)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))  # sweep files have no NUL
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=10,
)


@given(st.dictionaries(texts, values))
def test_yaml_text_reads_back_the_same(written: dict[str, object]) -> None:
    assert parse_yaml(yaml_text(written), where="") == written
