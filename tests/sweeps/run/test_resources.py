"""The available cores, by affinity and by the container's limit, and the share of each worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.machine import available_cores
from morphogenetic_engine.sweeps.run.order.scheduling import trials_at_once
from morphogenetic_engine.sweeps.run.resources import fused_trials, parallel_workers, thread_environment
from morphogenetic_engine.sweeps.schema.execution_section import ExecutionConfig

ALLOWED = len(os.sched_getaffinity(0))


@pytest.fixture(name="one_core")
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({}, None),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "190000 100000\n"}, 1),
        ({"cpu.max": "25000 100000\n"}, 1),
        ({"cpu.max": "99900000 100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "100000\n"}, None),
        ({"cpu.max": "", "cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "50000\n"}, 1),
    ],
)
def test_the_cores_are_the_lower_of_affinity_and_container_limit(
    tmp_path: Path, files: dict[str, str], limit: int | None
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="ascii")
    assert available_cores(tmp_path) == (ALLOWED if limit is None else min(ALLOWED, limit))


@pytest.mark.usefixtures("one_core")
def test_a_process_tied_to_one_core_has_one(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("800000 100000", encoding="ascii")
    assert available_cores(tmp_path) == 1
    assert parallel_workers(ExecutionConfig(max_parallel="auto")) == 1


def test_a_number_of_workers_is_taken_at_its_word() -> None:
    assert parallel_workers(ExecutionConfig(max_parallel=64)) == 64


@pytest.mark.parametrize(("workers", "threads", "share"), [(1, 3, "3"), (64, 2, "2"), (100_000, None, "1")])
def test_each_worker_has_its_share_of_threads_and_at_least_one(workers: int, threads: int | None, share: str) -> None:
    environment = thread_environment(workers, threads)
    assert set(environment.values()) == {share}
    assert {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"} <= environment.keys()


def test_one_worker_may_use_all_cores() -> None:
    assert thread_environment(1, None)["OMP_NUM_THREADS"] == str(available_cores())


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ({"sweep_type": "grid"}, 64),
        ({"sweep_type": "random", "optimization": {"n_trials": 9}}, 64),
        ({"sweep_type": "bayesian", "optimization": {"n_trials": 9, "sampler": "Random"}}, 64),
        ({"sweep_type": "bayesian", "optimization": {"n_trials": 9, "sampler": "TPE"}}, 1),
        ({"sweep_type": "bayesian", "optimization": {"n_trials": 9, "sampler": "TPE", "lookahead": 7}}, 1),
        ({"sweep_type": "bayesian", "optimization": {"n_trials": 9, "sampler": "TPE", "lookahead": 12}}, 6),
        ({"sweep_type": "bayesian", "optimization": {"n_trials": 9, "sampler": "TPE", "reproducible": False}}, 1),
        ({"sweep_type": "bayesian", "optimization": {"n_trials": 9, "sampler": "TPE", "strategy": "halving"}}, 64),
        ({"sweep_type": "grid", "execution": {"early_stopping": {"patience": 3}}}, 1),
        ({"sweep_type": "grid", "execution": {"fuse": "off"}}, 0),
        ({"sweep_type": "grid", "execution": {"fuse": 1}}, 0),
        ({"sweep_type": "grid", "execution": {"fuse": 5}}, 5),
        ({"sweep_type": "grid", "execution": {"timeout_per_trial": 3}}, 64),
        ({"sweep_type": "grid", "execution": {"isolate": True}}, 0),
        ({"sweep_type": "grid", "experiment": {"workload": "toy:quadratic", "replicates": 2}}, 0),
    ],
)
def test_trials_that_wait_for_each_other_are_fused_only_where_there_are_enough_of_them(
    text: dict[str, object], most: int
) -> None:
    values = [number / 10 for number in range(9)]
    whole = {"experiment": {"workload": "toy:quadratic"}, "parameters": {"x": values}, **text}
    config = SweepConfig.model_validate(whole)
    assert fused_trials(config, 2, trials_at_once(config, 2)) == most
