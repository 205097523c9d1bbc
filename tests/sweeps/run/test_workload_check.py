"""The check of a workload before the first trial, and the place of a mistake in the sweep file."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, WorkloadError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.run.workers.wire import Rejected
from morphogenetic_engine.sweeps.run.workload_check import probe_points, rejection, worker_setup
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload

CONFIG = SweepConfig.model_validate(
    {
        "experiment": {"workload": "toy:quadratic", "data": "moons", "kind": ["p", "q"]},
        "parameters": {"depth": [1, 2, 3], "lr": {"low": 0.0, "high": 1.0, "points": 2}},
        "optimization": {"target_metric": "score", "secondary_metrics": ["loss"]},
        "execution": {"threads_per_trial": 3},
    }
)


def test_the_probe_has_each_value_of_each_axis_once_beside_the_first_values() -> None:
    first = {"data": "moons", "kind": "p", "depth": 1, "lr": 0.0}
    assert probe_points(CONFIG.space) == [
        first,
        {**first, "kind": "q"},
        {**first, "depth": 2},
        {**first, "depth": 3},
        {**first, "lr": 1.0},
    ]


def test_a_sweep_without_axes_is_probed_with_what_is_fixed() -> None:
    config = SweepConfig.model_validate({"experiment": {"x": 1}})
    assert probe_points(config.space) == [{"x": 1}]


def test_a_long_axis_is_probed_in_part_and_not_held_in_memory() -> None:
    config = SweepConfig.model_validate({"parameters": {"n": {"low": 0, "high": 10**9, "step": 10}}})
    tracemalloc.start()
    points = probe_points(config.space)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [point["n"] for point in points] == list(range(0, 1000, 10))
    assert peak < 1_000_000


def test_workers_are_told_what_they_run_where_and_with_what(tmp_path: Path) -> None:
    setup = worker_setup(CONFIG, tmp_path, tmp_path / "log", 2)
    assert setup.workload == FunctionWorkload("toy:quadratic")
    assert setup.metrics == ("score", "loss")
    assert setup.probe == probe_points(CONFIG.space)
    assert (setup.working_directory, setup.log) == (tmp_path, tmp_path / "log")
    assert setup.environment["OMP_NUM_THREADS"] == "3"


def test_workers_import_a_source_from_the_sweeps_folder(tmp_path: Path) -> None:
    experiment = {"workload": "mine:train", "workload_source": "def train(params, trial): ..."}
    setup = worker_setup(SweepConfig.model_validate({"experiment": experiment}), tmp_path, tmp_path / "log", 1)
    assert setup.workload == FunctionWorkload("mine:train")
    place = setup.environment["PYTHONPATH"].split(os.pathsep)[0]
    assert (Path(place) / "mine.py").read_text(encoding="utf-8") == experiment["workload_source"]


def test_a_working_directory_that_is_gone_gives_way_to_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert worker_setup(CONFIG, tmp_path / "gone", tmp_path / "log", 1).working_directory == tmp_path


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("depth: must be even, but got 1", "f: parameters.depth: must be even, but got 1"),
        ("kind: unknown parameter", "f: experiment.kind: unknown parameter"),
        ("data: unknown parameter", "f: experiment.data: unknown parameter"),
        ("metric score: the workload does not report it", "f: metric score: the workload does not report it"),
    ],
)
def test_what_a_workload_does_not_take_is_placed_in_the_sweep_file(message: str, expected: str) -> None:
    error = rejection(Rejected("ConfigError", message), CONFIG, "f")
    assert isinstance(error, ConfigError)
    assert str(error) == expected


@pytest.mark.parametrize(
    ("experiment", "key"), [({"workload": "a:b"}, "workload"), ({"command": ["p"]}, "command"), ({}, "workload")]
)
def test_a_workload_that_cannot_be_loaded_is_placed_in_experiment(experiment: dict[str, object], key: str) -> None:
    config = SweepConfig.model_validate({"experiment": experiment})
    error = rejection(Rejected("WorkloadError", "there is none"), config, "f")
    assert isinstance(error, WorkloadError)
    assert str(error) == f"f: experiment.{key}: there is none"
