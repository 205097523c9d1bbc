"""A real PostgreSQL server that tests may kill and start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.sinks.mlflow.server_process import free_port
from tests.waiting import until

_BINARIES = Path("/usr/lib/postgresql")
_USER = "sweeps"
PASSWORD = "s3cret"


@dataclass
class PostgresServer:
    """A PostgreSQL server on a free port of this machine, with a database cluster of its own."""

    folder: Path
    binaries: Path
    account: str | None
    """The account that runs it: PostgreSQL refuses root."""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://{_USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def initialise(self) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD, encoding="ascii")
        if self.account is not None:
            shutil.chown(self.folder, self.account)
            shutil.chown(password, self.account)
        command = [str(self.binaries / "initdb"), "--auth=scram-sha-256", f"--username={_USER}", f"--pwfile={password}"]
        command += ["--no-sync", f"--pgdata={self._data}"]
        subprocess.run(command, check=True, capture_output=True, user=self.account, group=self.account)

    def start(self) -> None:
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        command = [
            str(self.binaries / "postgres"),
            "-D",
            str(self._data),
            *(f"--{name}={each}" for name, each in settings.items()),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with  # ended in kill()
                command, stdout=log, stderr=log, start_new_session=True, user=self.account, group=self.account
            )
        until(self._answers, f"answer of PostgreSQL, see {self.folder / 'log'}")

    def kill(self) -> None:
        """Ends it at once, in the middle of whatever it does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None

    def new_database(self, name: str) -> str:
        """Makes a database and returns its URL."""
        with psycopg.connect(self._plain(), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return self.url(name)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _plain(self) -> str:
        return self.url().replace("+psycopg", "")

    def _answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, "PostgreSQL ended"
        try:
            psycopg.connect(self._plain(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgresql() -> Iterator[PostgresServer]:
    """A server that runs; the test is skipped where PostgreSQL is not installed, unless it has to be (CI=true)."""
    found = sorted(_BINARIES.glob("*/bin"), key=lambda path: int(path.parts[-2]))
    if not found:
        assert os.environ.get("CI") != "true", "PostgreSQL is not installed: run scripts/test-servers.sh"
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))  # pytest's own are closed to the account
    server = PostgresServer(folder, found[-1], account)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
