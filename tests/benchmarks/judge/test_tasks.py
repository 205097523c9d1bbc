"""The recorded trainings: checksums, places of points, each configuration handed out once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import benchmarks.judge
from benchmarks.judge.registry import suite_named
from benchmarks.judge.tasks import Axis, Range, Taken, Task
from morphogenetic_engine.trial import Params

DATA = Path(benchmarks.judge.__file__).with_name("data") / "taskset"


def small_task() -> Task:
    """Returns a task of three configurations and two steps."""
    axes: dict[str, Axis] = {"lr": Range(1e-4, 1.0, log=True), "kind": ("a", "b")}
    points: list[Params] = [{"lr": 1e-4, "kind": "a"}, {"lr": 1e-2, "kind": "b"}, {"lr": 1.0, "kind": "a"}]
    return Task("small", "one", axes, points, np.array([[3.0, 2.0], [4.0, 1.0], [5.0, 6.0]]))


def test_the_recorded_files_are_the_published_ones() -> None:
    for line in (DATA / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        checksum, name = line.split()
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == checksum


def test_taskset_has_six_tasks_of_trained_steps() -> None:
    tasks = list(suite_named("TaskSet"))
    assert [task.losses.shape for task in tasks] == [(1000, 50)] * 6
    assert all(np.isfinite(task.losses).all() for task in tasks)
    assert all(0 <= task.places.min() and task.places.max() <= 1 for task in tasks)


def test_regret_is_0_at_the_optimum_and_1_at_the_median_configuration() -> None:
    task = small_task()
    assert task.regret(1.0) == 0
    assert task.regret(2.0) == 1


def test_opposite_ends_and_different_texts_are_equally_far() -> None:
    task = small_task()
    squares = np.square(task.places[:, None] - task.places[None]).sum(axis=2)
    assert squares[0, 2] == pytest.approx(1)
    assert squares[0, 1] == pytest.approx(0.25 + 1)


def test_the_nearest_free_configuration_is_taken_and_none_twice() -> None:
    taken = Taken(small_task())
    assert [taken.nearest({"lr": 0.9, "kind": "a"}) for _ in range(3)] == [2, 0, 1]
