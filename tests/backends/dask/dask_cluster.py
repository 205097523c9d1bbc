"""A real Dask cluster of processes on this machine: a scheduler and workers, with TLS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distributed.security import Security

from morphogenetic_engine.backends.dask.session_keys import KeyFiles, written_keys
from tests.waiting import until

_ADDRESS = "scheduler.json"


@dataclass
class DaskCluster:
    """A scheduler and its workers."""

    address: str
    keys: KeyFiles
    folder: Path
    scheduler: subprocess.Popen[bytes]
    begins: Sequence[str] = ()
    """What the command of a worker begins with."""
    storage: str = ""
    """The address through which files go to its workers; "": they see the coordinator's folders."""
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Starts one more worker."""
        number = len(self.workers)
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", f"test-{number}", *self.keys.options]
        program = "distributed.cli.dask_worker"
        log = self.folder / f"worker-{number}.log"
        worker = _process(program, [self.address, *options], log, self.folder, self.begins)
        self.workers.append(worker)
        return worker

    def section(self, workers: int) -> str:
        """Returns the section `execution` of a sweep file."""
        tls = f"{{ca: {self.keys.ca}, cert: {self.keys.cert}, key: {self.keys.key}}}"
        storage = f', storage: "{self.storage}"' if self.storage else ""
        dask = f'{{scheduler: "{self.address}", workers: {workers}, tls: {tls}{storage}}}'
        return f"execution: {{executor: dask, retries: {{crashes: 5}}, dask: {dask}}}"

    def restart(self) -> bool:
        """Kills the scheduler, with which its workers end, and starts as many anew at the same address."""
        self.scheduler.kill()
        self.scheduler.wait()
        left = [worker for worker in self.workers if worker.poll() is None]
        for worker in left:
            _wait_or_kill(worker)  # one that was not connected yet would wait for a scheduler
        self.scheduler = _scheduler(self.folder, self.keys, int(self.address.rpartition(":")[2]))
        for _ in left:
            self.add_worker()
        return True

    def end(self) -> None:
        """Ends all processes."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def dask_cluster(folder: Path, workers: int, *, begins: Sequence[str] = (), storage: str = "") -> Iterator[DaskCluster]:
    """Starts a cluster in a folder, and ends it."""
    with written_keys(Security.temporary(), folder) as keys:
        cluster = DaskCluster("", keys, folder, _scheduler(folder, keys, 0), begins, storage)
        try:
            file = folder / _ADDRESS
            until(lambda: file.exists() and file.read_text(encoding="utf-8").endswith("}"), "a scheduler")
            cluster.address = json.loads(file.read_text(encoding="utf-8"))["address"]
            for _ in range(workers):
                cluster.add_worker()
            yield cluster
        finally:
            cluster.end()


def _wait_or_kill(worker: subprocess.Popen[bytes]) -> None:
    try:
        worker.wait(15)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _scheduler(folder: Path, keys: KeyFiles, port: int) -> subprocess.Popen[bytes]:
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--scheduler-file", str(folder / _ADDRESS)]
    command = [*options, "--protocol", "tls", *keys.options]
    return _process("distributed.cli.dask_scheduler", command, folder / "scheduler.log", folder)


def _process(
    module: str, options: list[str], log: Path, folder: Path, begins: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        command = [*begins, sys.executable, "-m", module, *options]
        return subprocess.Popen(command, cwd=folder, stdout=file, stderr=file)
