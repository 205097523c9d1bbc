"""The sections beside `parameters`: defaults, shorthands, rules."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from morphogenetic_engine.sweeps.schema.sections import (
    Direction,
    EarlyStopping,
    ExecutionConfig,
    ExperimentConfig,
    OptimizationConfig,
    Retries,
)


@pytest.mark.parametrize(("direction", "better"), [(Direction.MAXIMIZE, 2.0), (Direction.MINIMIZE, 1.0)])
def test_better_is_strictly_better_in_the_direction(direction: Direction, better: float) -> None:
    worse = 3.0 - better
    assert direction.better(better, worse)
    assert not direction.better(worse, better)
    assert not direction.better(better, better)


def test_a_list_in_experiment_is_an_axis_and_the_order_of_the_file_stays() -> None:
    config = ExperimentConfig.model_validate({"problem_type": ["spirals", "moons"], "lr": 1e-4, "dims": [1e1, 3]})
    assert config.parameters == {"problem_type": ["spirals", "moons"], "lr": 0.0001, "dims": [10.0, 3]}
    assert list(config.parameters) == ["problem_type", "lr", "dims"]


def test_without_a_word_the_engine_is_swept() -> None:
    engine = "morphogenetic_engine.engine.training:train"
    assert ExperimentConfig.model_validate({}).workload == engine
    assert ExperimentConfig.model_validate({"workload": None}).workload == engine


def test_a_command_takes_the_place_of_the_workload() -> None:
    config = ExperimentConfig.model_validate({"command": ["train"]})
    assert (config.workload, config.command) == (None, ("train",))
    assert ExperimentConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize(
    ("written", "retries"),
    [
        ({}, Retries(crashes=1, exceptions=0)),
        ({"retries": 2}, Retries(crashes=2, exceptions=2)),
        ({"retries": 0}, Retries(crashes=0, exceptions=0)),
        ({"retries": {"exceptions": 3}}, Retries(crashes=1, exceptions=3)),
    ],
)
def test_retries_are_one_number_or_two(written: dict[str, object], retries: Retries) -> None:
    assert ExecutionConfig.model_validate(written).retries == retries


@pytest.mark.parametrize("given", ["auto", 1, 64])
def test_max_parallel_is_auto_or_a_number(given: object) -> None:
    assert ExecutionConfig.model_validate({"max_parallel": given}).max_parallel == given


@pytest.mark.parametrize("given", [0, -1, 2.5, True, "all", None])
def test_max_parallel_is_nothing_else(given: object) -> None:
    with pytest.raises(ValidationError, match="must be auto or a whole number >= 1"):
        ExecutionConfig.model_validate({"max_parallel": given})


def test_early_stopping_needs_a_rule() -> None:
    with pytest.raises(ValidationError, match="needs patience, threshold or both"):
        EarlyStopping(min_trials=3)
    assert EarlyStopping(threshold=0.0).threshold == 0.0


@pytest.mark.parametrize("key", ["n_trials", "timeout", "seed", "lookahead"])
def test_true_is_no_number(key: str) -> None:
    with pytest.raises(ValidationError, match="must be a number, but got True"):
        OptimizationConfig.model_validate({key: True})


def test_a_count_in_scientific_notation_is_a_whole_number() -> None:
    config = OptimizationConfig.model_validate({"n_trials": "1e3", "timeout": "3.6e3"})
    assert (config.n_trials, config.timeout) == (1000, 3600.0)
    assert isinstance(config.n_trials, int)


def test_sections_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        OptimizationConfig().seed = 1  # type: ignore[misc]
