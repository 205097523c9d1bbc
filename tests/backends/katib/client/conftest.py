"""A cluster that answers over HTTP, a kubeconfig that leads there, and a sweep file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.katib.client.cluster.fake_kubernetes import FakeKubernetes
from tests.backends.katib.client.cluster.katib_controller import KatibByHand
from tests.backends.katib.client.cluster.kubernetes_server import KubernetesServer, running_server
from tests.cli.conftest import Command, command
from tests.seaweedfs import BUCKET, running_seaweedfs

__all__ = ["Command", "command"]

SWEEP = """
experiment: {workload: "toy:quadratic"}
parameters: {x: [0.1, 0.7, 0.3]}
execution: {max_parallel: 2}
optimization: {secondary_metrics: [twice]}
resources: {image: "registry/toy:1"}
"""
RANDOM = """
sweep_type: random
experiment: {workload: "toy:quadratic"}
parameters: {x: {low: 0.0, high: 1.0}}
execution: {max_parallel: 2}
optimization: {secondary_metrics: [twice], n_trials: 4}
resources: {image: "registry/toy:1"}
"""


@pytest.fixture
def cluster() -> FakeKubernetes:
    return FakeKubernetes()


@pytest.fixture
def server(cluster: FakeKubernetes) -> Iterator[KubernetesServer]:
    with running_server(cluster) as server:
        yield server


@pytest.fixture(autouse=True)
def kubeconfig(server: KubernetesServer, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kubeconfig of this test's user; the working directory has toy.py and sweep.yaml."""
    (workplace / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    path = server.kubeconfig(workplace / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    return path


@pytest.fixture
def katib(cluster: FakeKubernetes) -> KatibByHand:
    """Katib's part in the life of the Experiment `toy`."""
    return KatibByHand(cluster, "toy")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder of a real S3 server to which trials upload their files; the environment leads to it."""
    with running_seaweedfs() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield f"s3://{BUCKET}/{tmp_path.name}"
