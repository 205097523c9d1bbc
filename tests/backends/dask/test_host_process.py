"""The process of a Dask worker that hosts a worker: quick to start, gone at once when it is told to end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from morphogenetic_engine.backends.dask.host_process import MODULE
from tests.backends.dask.dask_cluster import dask_cluster
from tests.waiting import until

_HOSTS_NEED_NOT = ("pydantic", "optuna", "torch", "pandas", "morphogenetic_engine.sweeps.config")


def test_a_host_starts_without_the_schema_of_sweep_files() -> None:
    code = (
        f"import sys, {MODULE}, morphogenetic_engine.backends.dask.worker_host\n"
        f"print([name for name in {_HOSTS_NEED_NOT} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True).stdout
    assert said == "[]\n"


def test_a_host_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, 0) as cluster:
        scratch, log = tmp_path / "scratch", tmp_path / "host.log"
        options = ["--name", "one", "--local-directory", str(scratch), *cluster.keys.options]
        command = [sys.executable, "-m", MODULE, cluster.address, *options]
        with log.open("wb") as file, subprocess.Popen(command, stderr=file) as process:
            until(lambda: "Registered to" in log.read_text(encoding="utf-8"), "a host that is connected")
            assert list(scratch.rglob("worker-*"))
            process.send_signal(signal.SIGTERM)
        assert process.returncode == 128 + signal.SIGTERM
        assert not list(scratch.rglob("worker-*"))


def test_a_host_that_reaches_no_scheduler_says_so() -> None:
    options = ["tcp://127.0.0.1:9", "--name", "one", "--death-timeout", "0.5"]
    done = subprocess.run([sys.executable, "-m", MODULE, *options], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"the scheduler at tcp://127.0.0.1:9 cannot be reached: \S", done.stderr.splitlines()[-1])
