"""Sweeps on a real Slurm: the same tables as locally, and nothing in the queue after any end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.record.events import AttemptFailed, Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.slurm_cluster import queued_jobs, slurm_cluster
from tests.conftest import StartSweep
from tests.faults.fault_round import Round, session
from tests.tables import steady_rows
from tests.waiting import until

pytestmark = pytest.mark.slow

SWEEP = """
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.6}
parameters: {x: {low: 0.0, high: 1.0}, kind: [a, b]}
optimization: {n_trials: 12, lookahead: 2}
"""
JOBS = "execution: {executor: dask, retries: {crashes: 99}, dask: {interface: lo, slurm: {workers: 2, memory: 500M}}}\n"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


@pytest.fixture
def sweep(slurm: dict[str, str], start: StartSweep, monkeypatch: pytest.MonkeyPatch) -> SweepFolder:
    for name, value in slurm.items():
        monkeypatch.setenv(name, value)
    return SweepFolder(start(SWEEP + JOBS).path.absolute())


@pytest.fixture
def local(start: StartSweep) -> list[dict[str, str]]:
    folder = start(SWEEP + "execution: {max_parallel: 2}\n")
    run_sweep(folder)
    return steady_rows(folder)


def _ended(folder: SweepFolder) -> int:
    return folder.journal.read_text(encoding="utf-8").count('"trial_ended"') if folder.journal.exists() else 0


def test_a_sweep_on_jobs_has_the_local_table_and_leaves_no_job(sweep: SweepFolder, local: list[dict[str, str]]) -> None:
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == local
    assert queued_jobs() == []
    assert not list((sweep.path / "dask").glob("keys-*"))


def test_a_cancelled_job_is_an_attempt_that_is_tried_again(sweep: SweepFolder, local: list[dict[str, str]]) -> None:
    with session(sweep) as process:
        until(lambda: _ended(sweep) >= 2, "two trials")
        subprocess.run(["scancel", queued_jobs()[0]], check=True)
        assert process.wait() == 0
    assert steady_rows(sweep) == local
    assert queued_jobs() == []
    lost = [event.message for event in read_events(sweep.journal) if isinstance(event, AttemptFailed)]
    assert len(lost) <= 1 and all("was lost" in each and "job" in each for each in lost)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_queue_is_empty_after_any_end_and_the_sweep_goes_on(
    sweep: SweepFolder, local: list[dict[str, str]], end: signal.Signals
) -> None:
    with session(sweep) as process:
        until(lambda: _ended(sweep) >= 2, "two trials")
        process.send_signal(end)
        assert process.wait() == (-signal.SIGKILL if end is signal.SIGKILL else 130)
    if end is not signal.SIGKILL:
        assert queued_jobs() == []
    until(lambda: queued_jobs() == [], "an empty queue")
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == local
    assert queued_jobs() == []


def test_a_session_that_starts_ends_the_jobs_of_an_earlier_one(
    sweep: SweepFolder, local: list[dict[str, str]], tmp_path: Path
) -> None:
    with session(sweep) as process:
        until(lambda: _ended(sweep) >= 2, "two trials")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert tmp_path.exists() and run_sweep(sweep) is Outcome.FINISHED  # at once: the reaper may not have been there yet
    assert steady_rows(sweep) == local and queued_jobs() == []


def test_jobs_that_end_at_once_are_told_with_their_log(
    slurm: dict[str, str], start: StartSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in slurm.items():
        monkeypatch.setenv(name, value)
    broken = JOBS.replace("memory: 500M", 'memory: 500M, prologue: ["echo no such module >&2; exit 3"]')
    with pytest.raises(ClusterError, match=r"jobs end before their worker reaches .*FAILED.*no such module"):
        run_sweep(start(SWEEP + broken))
    assert queued_jobs() == []


def test_a_partition_that_does_not_exist_is_told_in_slurms_words(
    slurm: dict[str, str], start: StartSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in slurm.items():
        monkeypatch.setenv(name, value)
    wrong = JOBS.replace("memory: 500M", "memory: 500M, partition: gpu")
    with pytest.raises(ClusterError, match=r"execution.dask.slurm: sbatch: .*[Ii]nvalid partition"):
        run_sweep(start(SWEEP + wrong))


@pytest.mark.faults
def test_random_kills_of_jobs_and_coordinators_lose_and_double_nothing(
    sweep: SweepFolder, local: list[dict[str, str]]
) -> None:
    this = Round(sweep, random.Random(int(os.environ.get("FAULT_SEED", "0"))))
    for _ in range(int(os.environ.get("SLURM_KILLS", "4"))):
        with session(sweep) as process:
            _another_trial(sweep, process)
            jobs = queued_jobs()
            if this.chance.choice(["job", "coordinator"]) == "job" and jobs:
                subprocess.run(["scancel", this.chance.choice(jobs)], check=False)
                _another_trial(sweep, process)
            process.kill()
            process.wait()
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == local
    assert queued_jobs() == []


def _another_trial(sweep: SweepFolder, process: subprocess.Popen[bytes]) -> None:
    known = _ended(sweep)
    until(lambda: _ended(sweep) > known or process.poll() is not None, "another trial")
