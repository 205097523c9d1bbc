"""The section `experiment`: what a trial runs, and the parameters that are given."""

from __future__ import annotations

from morphogenetic_engine.sweeps.schema.experiment_section import ExperimentConfig


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
