"""A real S3 server, and Dask workers that cannot see the folders of the coordinator."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.backends.dask.dask_cluster import DaskCluster, dask_cluster
from tests.backends.dask.files.hidden_folders import without_folder
from tests.seaweedfs import BUCKET, SeaweedServer, running_seaweedfs


@pytest.fixture(scope="package")
def s3() -> Iterator[SeaweedServer]:
    """The server of these tests; the keys of one who may do everything are in the environment."""
    with running_seaweedfs() as server, pytest.MonkeyPatch.context() as environment:
        for name, value in server.environment.items():
            environment.setenv(name, value)
        yield server


@pytest.fixture(scope="package")
def hiding(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """What a command begins with to run without the folders of all tests."""
    return without_folder(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def elsewhere(s3: SeaweedServer, hiding: Sequence[str]) -> Iterator[DaskCluster]:
    """Three workers of a scheduler that runs already, on which the folders of the tests are empty."""
    del s3
    folder = Path(tempfile.mkdtemp(prefix="elsewhere-"))
    try:
        with dask_cluster(folder, 3, begins=hiding, storage=f"s3://{BUCKET}/{folder.name}") as cluster:
            yield cluster
    finally:
        shutil.rmtree(folder)
