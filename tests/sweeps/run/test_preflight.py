"""The lines of `sweep check` about the workers that a run would start elsewhere."""

from __future__ import annotations

import pytest

from morphogenetic_engine.sweeps.run.preflight import check_sweep
from tests.conftest import WriteConfig

TOY = 'experiment: {workload: "toy:quadratic"}\nparameters: {x: [0.1, 0.2]}\n'


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("execution: {max_parallel: 2}", ""),
        (
            "execution: {executor: dask, dask: {kubernetes: {workers: 4}}}\nresources: {cpu: 2, memory: 4Gi, gpu: 1}",
            "2 pods of Kubernetes, each with 2 CPU, 4Gi, 1 GPU",
        ),
        ("execution: {executor: dask, dask: {kubernetes: {workers: 1}}}", "1 pod of Kubernetes"),
        ("execution: {dask: {kubernetes: {workers: 4}}}", ""),
    ],
)
def test_workers_elsewhere_are_told_with_what_they_ask_for(write_config: WriteConfig, section: str, words: str) -> None:
    checked = check_sweep(write_config(f"{TOY}{section}\n"), watch_seconds=0)
    assert checked.workers_elsewhere == words
