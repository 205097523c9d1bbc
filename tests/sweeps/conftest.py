"""What the tests of the sweeps share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.sweeps.postgresql import PostgresServer, running_postgresql
from tests.sweeps.studies import journal_file

# A busy machine is slow, not wrong.
settings.register_profile("sweeps", deadline=None)
settings.load_profile("sweeps")

Until = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="session")
def until() -> Until:
    """Wait for a condition, as long as a busy machine may need."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.005)

    return wait


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """The PostgreSQL server that the tests share; each test has a database of its own."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "journal", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new Optuna storage of each kind."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgresql")
        return server.new_database(tmp_path.name)
    return journal_file(tmp_path) if request.param == "journal" else f"sqlite:///{tmp_path / 'optuna.db'}"
