"""A Dask cluster for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backends.dask.dask_cluster import DaskCluster, dask_cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Four workers of a scheduler that runs already, for all tests of a module."""
    with dask_cluster(tmp_path_factory.mktemp("dask"), 4) as cluster:
        yield cluster
