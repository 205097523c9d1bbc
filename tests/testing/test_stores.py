"""The stores of the package keep the promises of the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from morphogenetic_engine.storage import Store, open_store
from morphogenetic_engine.testing.stores import StoreTests
from tests.seaweedfs import BUCKET, SeaweedServer, running_seaweedfs


class TestFolder(StoreTests):
    def open(self, place: Path) -> Store:
        return open_store(place / "store")


class TestFileAddress(StoreTests):
    def open(self, place: Path) -> Store:
        return open_store((place / "store").as_uri())


@pytest.fixture(scope="session")
def s3() -> Iterator[SeaweedServer]:
    """A server that the tests share; each test has a folder of its own in it."""
    with running_seaweedfs() as server:
        yield server


@pytest.mark.slow
class TestS3(StoreTests):
    @pytest.fixture(autouse=True)
    def _environment(self, s3: SeaweedServer, monkeypatch: pytest.MonkeyPatch) -> None:  # pylint: disable=no-self-use
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)

    def open(self, place: Path) -> Store:
        return open_store(f"s3://{BUCKET}/{place.name}")
