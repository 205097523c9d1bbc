"""Tests of the section `execution.dask`."""

from __future__ import annotations

from typing import Any

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.run.resources import parallel_workers


def config(dask: dict[str, object], **execution: object) -> SweepConfig:
    written: dict[str, Any] = {
        "experiment": {"workload": "toy:quadratic"},
        "parameters": {"x": [1, 2]},
        "execution": {"executor": "dask", "dask": dask, **execution},
    }
    return parse_config(written, where="sweep.yaml")


@pytest.mark.parametrize(
    ("dask", "workers", "words"),
    [
        (
            {"slurm": {"workers": 16, "cores": 8, "memory": "32G", "gpus": 1, "walltime": "02:00:00"}},
            16,
            "16 jobs of Slurm, each with 8 cores, 32G, 1 GPU, 02:00:00 at most",
        ),
        (
            {"kubernetes": {"workers": 4, "image": "registry/train:1", "namespace": "ml"}},
            4,
            "4 pods of Kubernetes in namespace ml of registry/train:1",
        ),
        ({"kubernetes": {"workers": 1}}, 1, "1 pod of Kubernetes"),
        ({"ssh": ["a", "b", "a"]}, 3, "3 started by ssh on a, b"),
        ({"scheduler": "tls://host:8786", "workers": 4}, 4, "4 of the Dask scheduler at tls://host:8786"),
    ],
)
def test_the_section_counts_its_workers_and_says_where_they_come_from(
    dask: dict[str, object], workers: int, words: str
) -> None:
    execution = config(dask).execution
    assert parallel_workers(execution) == workers
    assert execution.dask.description(workers) == words


def test_max_parallel_overrides_the_number_of_workers() -> None:
    assert parallel_workers(config({"slurm": {"workers": 16}}, max_parallel=3).execution) == 3


@pytest.mark.parametrize(
    ("dask", "error"),
    [
        ({"scheduler": "tcp://host:8786", "workers": 1}, r"tcp:// is not encrypted.*insecure: true"),
        ({"scheduler": "host:8786", "workers": 1}, r"must be an address such as tls://host:8786"),
        ({"scheduler": "tls://host:8786"}, r"dask.workers: is required with dask.scheduler"),
        ({"slurm": {"workers": 1}, "ssh": ["a"]}, r"names slurm and ssh: workers come from one of them"),
        ({"slurm": {"workers": 1}, "workers": 2}, r"is set by slurm.workers"),
        ({"kubernetes": {"workers": 1}, "ssh": ["a"]}, r"names kubernetes and ssh: workers come from one of them"),
        ({"kubernetes": {"workers": 1}, "workers": 2}, r"is set by kubernetes.workers"),
        ({"kubernetes": {"workers": 1, "claims": {"sweeps": "data"}}}, r"must be an absolute path, such as /sweeps"),
        ({"kubernetes": {"workers": 1, "image": "Not An Image"}}, r"must be the name of an image"),
        ({"ssh": []}, r"names no host"),
        ({"ssh": ["-oProxyCommand=x"]}, r"must be names of hosts"),
        ({"slurm": {"workers": 1, "partition": "a; rm"}}, r"execution.dask.slurm.partition: must match"),
        ({"slurm": {"workers": 1, "prologue": ["a\nb"]}}, r"execution.dask.slurm.prologue.0: must match"),
    ],
)
def test_a_mistake_is_told_with_its_place(dask: dict[str, object], error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        config(dask)


def test_an_unencrypted_scheduler_is_used_if_the_user_allows_it() -> None:
    assert config({"scheduler": "tcp://host:8786", "workers": 1, "insecure": True}).execution.dask.insecure


def test_where_trials_run_does_not_belong_to_a_sweeps_identity() -> None:
    assert config({"slurm": {"workers": 3}}).identity == config({"ssh": ["a"]}).identity
