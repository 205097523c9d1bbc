"""An S3 server that the tests share, one that a test may kill, and stores in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from morphogenetic_engine.storage import Store, open_store
from tests.seaweedfs import BUCKET, SeaweedServer, running_seaweedfs

OpenStore = Callable[[str], Store]


@pytest.fixture(scope="session")
def s3() -> Iterator[SeaweedServer]:
    """The server that the tests share; each test has a folder of its own in it."""
    with running_seaweedfs() as server:
        yield server


@pytest.fixture
def own_s3() -> Iterator[SeaweedServer]:
    """A server that the test may kill."""
    with running_seaweedfs() as server:
        yield server


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names no server and nobody's keys."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def s3_environment(s3: SeaweedServer, no_credentials: None, monkeypatch: pytest.MonkeyPatch) -> SeaweedServer:
    """The shared server, reached with the keys of one who may do everything."""
    del no_credentials
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture
def s3_folder(s3_environment: SeaweedServer, tmp_path: Path) -> str:
    """The address of the test's own folder in the shared server."""
    del s3_environment
    return f"s3://{BUCKET}/{tmp_path.name}"


@pytest.fixture(params=["path", "file://", "s3://"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind."""
    folder = tmp_path / "a store"
    match request.param:
        case "path":
            return open_store(folder)
        case "file://":
            return open_store(folder.as_uri())
        case _:
            return open_store(request.getfixturevalue("s3_folder"))
