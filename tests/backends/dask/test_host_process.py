"""The process of a Dask worker that hosts a worker: quick to start, gone at once when it is told to end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from morphogenetic_engine.backends.dask.host_lifetime import seconds_left, walltime_seconds
from morphogenetic_engine.backends.dask.host_process import MODULE
from morphogenetic_engine.sweeps.record.events import AttemptFailed, Event, Outcome, TrialEnded, TrialStarted
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.dask_cluster import dask_cluster
from tests.conftest import StartSweep
from tests.waiting import DEADLINE_SECONDS, until

TRIALS_OF_A_SECOND = """
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.8}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 8}
"""

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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("1:30", 90), ("02:00:00", 7200), ("1-0", 86400), ("1-02:30", 95400), ("2-00:00:01", 172801)],
)
def test_a_time_limit_has_the_forms_that_slurm_reads(text: str, seconds: float) -> None:
    assert walltime_seconds(text) == seconds


def test_what_slurm_says_of_the_end_of_a_job_counts_more_than_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_END_TIME", raising=False)
    assert (seconds_left(60.0), seconds_left(0.0)) == (60.0, None)
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + 1000))
    assert 900 < (seconds_left(60.0) or 0) <= 1000


def test_a_host_whose_time_is_nearly_over_ends_between_two_trials_and_nothing_is_cut_off(
    tmp_path_factory: pytest.TempPathFactory, start: StartSweep
) -> None:
    folder = tmp_path_factory.mktemp("dask")
    with dask_cluster(folder, 0) as cluster:
        options = ["--name", "short", "--lifetime", "8", *cluster.keys.options]
        command = [sys.executable, "-m", MODULE, cluster.address, *options]
        with (folder / "short.log").open("wb") as log, subprocess.Popen(command, cwd=folder, stderr=log) as short:

            def add(event: Event) -> None:
                if isinstance(event, TrialEnded) and not cluster.workers:
                    cluster.add_worker()  # in time for the other one to end

            sweep = start(TRIALS_OF_A_SECOND + cluster.section(1))
            assert run_sweep(sweep, observers=[add]) is Outcome.FINISHED
            assert short.wait(DEADLINE_SECONDS) == 0
    events = list(read_events(sweep.journal))
    assert not [event for event in events if isinstance(event, AttemptFailed)]
    assert sum(isinstance(event, TrialStarted) for event in events) == 8
