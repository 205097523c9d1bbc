"""Workers, jobs, schedulers and coordinators killed at random: no trial is lost, none runs twice, nothing stays queued.

`make test-all` kills a few times; CLUSTER_KILLS=50 kills fifty times, FAULT_SEED chooses other moments."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from morphogenetic_engine.backends.dask.host_process import MODULE
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.dask_cluster import dask_cluster
from tests.backends.dask.kill_rounds import (
    SEED,
    SWEEP,
    WORKLOAD,
    assert_exact,
    kill_one,
    killed_to_the_end,
    processes_in,
    signal_each,
)
from tests.backends.dask.process_kubelet import pods_as_processes
from tests.backends.dask.slurm_cluster import SlurmCluster, queued_jobs
from tests.conftest import StartSweep
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(3600)]

WORKER, HOST = "worker_process", MODULE


@pytest.fixture(name="local")
def sweep_that_nothing_disturbed(workplace: Path, start: StartSweep) -> SweepFolder:
    (workplace / "witnessed.py").write_text(WORKLOAD, encoding="utf-8")
    folder = start(SWEEP.replace("seconds: 0.05", "seconds: 0") + "execution: {max_parallel: 2}\n")
    run_sweep(folder)
    return folder


def test_over_slurm_nothing_is_lost_doubled_or_left_in_the_queue(
    slurm: SlurmCluster, local: SweepFolder, start: StartSweep, workplace: Path
) -> None:
    jobs = "dask: {interface: lo, slurm: {workers: 2, memory: 500M}}"
    sweep = _elsewhere(start, f"execution: {{executor: dask, retries: {{crashes: 1000}}, {jobs}}}\n")
    chance = random.Random(SEED)

    def cancel() -> bool:
        found = queued_jobs()
        if found:
            subprocess.run(["scancel", chance.choice(found)], check=False)
        return bool(found)

    victims = {
        "worker": lambda: kill_one(workplace, WORKER, chance),
        "host": lambda: kill_one(workplace, HOST, chance),
        "job": cancel,
        "scheduler": slurm.restart_controller,
    }
    with slurm.administrated():
        killed_to_the_end("Slurm", sweep, chance, victims)
    assert_exact(sweep, local)
    assert queued_jobs() == []
    until(lambda: not processes_in(workplace, WORKER) and not processes_in(workplace, HOST), "their end")


def test_over_a_dask_cluster_nothing_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, local: SweepFolder, start: StartSweep, workplace: Path
) -> None:
    chance = random.Random(SEED)
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2) as cluster:
        sweep = _elsewhere(start, cluster.section(2).replace("crashes: 5", "crashes: 1000"))

        def replace_one() -> bool:
            chance.choice([each for each in cluster.workers if each.poll() is None]).kill()
            cluster.add_worker()
            return True

        victims = {
            "worker": lambda: kill_one(cluster.folder, WORKER, chance) or kill_one(workplace, WORKER, chance),
            "Dask worker": replace_one,
            "scheduler": cluster.restart,
        }
        killed_to_the_end("Dask", sweep, chance, victims)
        assert_exact(sweep, local)
        until(lambda: not processes_in(workplace, WORKER), "the end of the workers")


def test_over_ssh_nothing_is_lost_or_doubled(
    ssh_config: Path, local: SweepFolder, start: StartSweep, workplace: Path
) -> None:
    chance = random.Random(SEED)
    hosts = f"dask: {{ssh: [node1, node2], interface: lo, ssh_config: {ssh_config}}}"
    sweep = _elsewhere(start, f"execution: {{executor: dask, retries: {{crashes: 1000}}, {hosts}}}\n")

    def stop_all() -> bool:
        """Stops all hosts and workers for a moment, in which they notice nothing."""
        found = [each for name in (HOST, WORKER) for each in processes_in(workplace, name)]
        signal_each(found, signal.SIGSTOP)
        threading.Timer(chance.uniform(0.1, 3), signal_each, [found, signal.SIGCONT]).start()
        return bool(found)

    victims = {
        "worker": lambda: kill_one(workplace, WORKER, chance),
        "host": lambda: kill_one(workplace, HOST, chance),
        "all hosts, stopped for a moment": stop_all,
    }
    killed_to_the_end("SSH", sweep, chance, victims)
    assert_exact(sweep, local)
    until(lambda: not processes_in(workplace, WORKER) and not processes_in(workplace, HOST), "their end")


def test_over_pods_nothing_is_lost_doubled_or_left_on_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: SweepFolder, start: StartSweep, workplace: Path
) -> None:
    chance = random.Random(SEED)
    with pods_as_processes(tmp_path, monkeypatch) as kubernetes:
        kubernetes.hurry = 60
        pods = "dask: {interface: lo, kubernetes: {workers: 2}}"
        sweep = _elsewhere(start, f"execution: {{executor: dask, retries: {{crashes: 1000}}, {pods}}}\n")

        def delete() -> bool:
            found = kubernetes.pods()
            if found:
                kubernetes.delete_pod(chance.choice(found))
            return bool(found)

        victims = {
            "worker": lambda: kill_one(workplace, WORKER, chance),
            "host": lambda: kill_one(tmp_path, HOST, chance),
            "pod": delete,
            "API server": kubernetes.restart_server,
        }
        killed_to_the_end("Kubernetes", sweep, chance, victims)
        assert_exact(sweep, local)
        until(lambda: kubernetes.left() == [], "a cluster without pods")
        until(lambda: not processes_in(workplace, WORKER) and not processes_in(tmp_path, HOST), "their end")


def _elsewhere(start: StartSweep, execution: str) -> SweepFolder:
    """Returns a sweep with other execution settings, ready for sessions of their own."""
    return SweepFolder(start(SWEEP + execution).path.absolute())
