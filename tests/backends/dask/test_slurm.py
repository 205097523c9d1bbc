"""Sweeps on a real Slurm: the same tables as locally, and nothing in the queue after any end."""

from __future__ import annotations

import signal
import subprocess

import psutil
import pytest

from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.record.events import AttemptFailed, Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.slurm_cluster import SlurmCluster, queued_jobs
from tests.cli.conftest import Command
from tests.conftest import StartSweep
from tests.faults.fault_round import session
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


@pytest.fixture
def sweep(slurm: SlurmCluster, start: StartSweep) -> SweepFolder:
    assert slurm.environment
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
    assert not list((sweep.path / "dask").glob(".keys-*"))


def test_a_cancelled_job_is_an_attempt_that_is_tried_again(sweep: SweepFolder, local: list[dict[str, str]]) -> None:
    with session(sweep) as process:
        until(lambda: _ended(sweep) >= 2, "two trials")
        subprocess.run(["scancel", queued_jobs()[0]], check=True)
        assert process.wait() == 0
    assert steady_rows(sweep) == local
    assert queued_jobs() == []
    lost = [event.message for event in read_events(sweep.journal) if isinstance(event, AttemptFailed)]
    assert len(lost) <= 1 and all("was lost" in each and "job" in each for each in lost)


@pytest.mark.parametrize(
    ("end", "at_once"),
    [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGKILL, False), (signal.SIGKILL, True)],
)
def test_the_queue_is_empty_after_any_end_and_the_sweep_goes_on(
    sweep: SweepFolder, local: list[dict[str, str]], end: signal.Signals, at_once: bool
) -> None:
    with session(sweep) as process:
        until(lambda: _ended(sweep) >= 2, "two trials")
        process.send_signal(end)
        assert process.wait() == (-signal.SIGKILL if end is signal.SIGKILL else 130)
    if end is not signal.SIGKILL:
        assert queued_jobs() == []
    if not at_once:  # otherwise the next session may be there before the reaper
        until(lambda: queued_jobs() == [], "an empty queue")
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == local
    assert queued_jobs() == []


def test_sweep_stop_ends_a_sweep_with_its_jobs(
    sweep: SweepFolder, local: list[dict[str, str]], command: Command
) -> None:
    with session(sweep) as process:
        until(lambda: _ended(sweep) >= 2, "two trials")
        ran = command("sweep", "stop", "--sweep-id", sweep.sweep_id, "--results", str(sweep.path.parent))
        assert ran.status == 0 and queued_jobs() == []
        assert process.wait() == 130
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == local


def test_sweep_stop_cancels_the_jobs_that_a_lost_machine_has_left(
    slurm: SlurmCluster, start: StartSweep, command: Command
) -> None:
    assert slurm.environment
    waiting = JOBS.replace("memory: 500M", "memory: 500M, directives: ['--begin=now+1hour']")
    sweep = SweepFolder(start(SWEEP + waiting).path.absolute())
    with session(sweep) as process:
        until(lambda: len(queued_jobs()) == 2, "jobs in the queue")
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()
    assert len(queued_jobs()) == 2
    ran = command("sweep", "stop", "--sweep-id", sweep.sweep_id, "--results", str(sweep.path.parent))
    assert ran.status == 0 and "2 jobs that it had left in the queue are cancelled" in ran.out
    assert queued_jobs() == []


def test_jobs_that_end_at_once_are_told_with_their_log(slurm: SlurmCluster, start: StartSweep) -> None:
    assert slurm.environment
    broken = JOBS.replace("memory: 500M", 'memory: 500M, prologue: ["echo no such module >&2; exit 3"]')
    with pytest.raises(ClusterError, match=r"jobs end before their worker reaches .*FAILED.*no such module"):
        run_sweep(start(SWEEP + broken))
    assert queued_jobs() == []


def test_a_partition_that_does_not_exist_is_told_in_slurms_words(slurm: SlurmCluster, start: StartSweep) -> None:
    assert slurm.environment
    wrong = JOBS.replace("memory: 500M", "memory: 500M, partition: gpu")
    with pytest.raises(ClusterError, match=r"execution.dask.slurm: sbatch: .*[Ii]nvalid partition"):
        run_sweep(start(SWEEP + wrong))


def test_a_job_ends_before_its_time_limit_between_two_trials(slurm: SlurmCluster, start: StartSweep) -> None:
    assert slurm.environment
    long = SWEEP.replace("seconds: 0.6", "seconds: 5").replace(
        "n_trials: 12, lookahead: 2", "n_trials: 12, lookahead: 1"
    )
    sweep = SweepFolder(start(long + JOBS.replace("workers: 2", "workers: 1, walltime: '1'")).path.absolute())
    assert run_sweep(sweep) is Outcome.FINISHED
    assert not [event for event in read_events(sweep.journal) if isinstance(event, AttemptFailed)]
    assert len(list((sweep.path / "dask").glob("*.err"))) >= 2, "one job cannot have run all trials"
