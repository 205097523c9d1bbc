"""A PostgreSQL server, and new Optuna storages of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sinks.postgresql import PASSWORD, PostgresServer, running_postgresql
from tests.sinks.studies import journal_file


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """The PostgreSQL server that the tests share; each test has a database of its own."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "journal", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a new Optuna storage of each kind; the password of the server is in the environment."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgresql")
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        return server.new_database(tmp_path.name).replace(f":{PASSWORD}@", "@")
    return journal_file(tmp_path) if request.param == "journal" else f"sqlite:///{tmp_path / 'optuna.db'}"
