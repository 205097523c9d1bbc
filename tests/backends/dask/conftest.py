"""A Dask cluster, a Slurm and an SSH server for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.dask.dask_cluster import DaskCluster, dask_cluster
from tests.backends.dask.slurm_cluster import SlurmCluster, slurm_cluster
from tests.backends.dask.ssh_server import ssh_server
from tests.cli.conftest import Command, command

__all__ = ["Command", "command"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Four workers of a scheduler that runs already, for all tests of a module."""
    with dask_cluster(tmp_path_factory.mktemp("dask"), 4) as cluster:
        yield cluster


@pytest.fixture(scope="module", name="installed_slurm")
def slurm_of_a_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """A Slurm, for all tests of a module."""
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture
def slurm(installed_slurm: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> SlurmCluster:
    """A Slurm that its commands find."""
    for name in ("PATH", "SLURM_CONF"):
        monkeypatch.setenv(name, installed_slurm.environment[name])
    return installed_slurm


@pytest.fixture(scope="module")
def ssh_config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration of ssh by which the hosts node1 and node2 are a server on this machine."""
    with ssh_server(tmp_path_factory.mktemp("ssh")) as config:
        yield config
