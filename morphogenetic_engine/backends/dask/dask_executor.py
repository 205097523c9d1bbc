"""The executor `dask`: slots are worker processes on the machines of a Dask cluster."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from morphogenetic_engine import __version__
from morphogenetic_engine.backends.dask.clusters import FOLDER, OpenCluster, open_cluster
from morphogenetic_engine.backends.dask.dask_connection import DaskConnection
from morphogenetic_engine.backends.dask.files.session_files import session_files
from morphogenetic_engine.backends.dask.host_passes import HostPasses
from morphogenetic_engine.backends.dask.remote_worker import HostSetup, RemoteWorker
from morphogenetic_engine.backends.dask.remote_workers import RemotePool
from morphogenetic_engine.backends.kubernetes.quantity import whole_cores
from morphogenetic_engine.backends.worker_executor import WorkerExecutor
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import Message
from morphogenetic_engine.sweeps.run.resources import thread_environment
from morphogenetic_engine.sweeps.run.workers.worker import WorkerSetup
from morphogenetic_engine.sweeps.run.workers.worker_places import FILE as WORKERS_FILE
from morphogenetic_engine.sweeps.run.workers.worker_places import WorkerPlace, WorkerPlaces, write_places
from morphogenetic_engine.sweeps.run.workload_check import worker_setup

_UPKEEP_SECONDS = 1.0
_START_SECONDS = 0.2
"""The same while workers have just been asked for."""


@contextmanager
def dask_executor(setup: ExecutorSetup) -> Iterator[DaskExecutor]:
    """Opens the cluster that a configuration names, and yields the executor of its workers; nothing is left on exit.

    Raises:
        ClusterError: the cluster cannot be reached or started.
        StoreError: the sweep's folder cannot be written.
    """
    folder = setup.log.parent.absolute()
    workers = remote_setup(setup)
    with ExitStack() as stack:
        files = session_files(
            setup.config,
            directory=workers.working_directory,
            sweep=folder,
            logs=folder / FOLDER,
            log=workers.log,
        )
        passes = HostPasses(folder) if files is None else None
        cluster = stack.enter_context(open_cluster(setup.config, directory=workers.working_directory, folder=folder))
        connection = DaskConnection(cluster.client, setup.wakeup, cluster.scheduler)
        stack.callback(connection.close)
        hosts = HostSetup(__version__, passes, pickle.dumps(workers))
        pool = RemotePool(connection, hosts, cluster.launcher.ending, files)
        stack.callback(pool.close)
        stack.callback((folder / WORKERS_FILE).unlink, missing_ok=True)
        yield DaskExecutor(setup, cluster, connection, pool)


class DaskExecutor(WorkerExecutor[RemoteWorker]):
    """Runs trials in worker processes that Dask tasks host."""

    def __init__(
        self, setup: ExecutorSetup, cluster: OpenCluster, connection: DaskConnection, pool: RemotePool
    ) -> None:
        super().__init__(setup, pool)
        self._launcher = cluster.launcher
        self._folder = setup.log.parent
        self._connection = connection
        self._pool = pool
        self._kept_up = 0.0

    def messages(self, until: float | None) -> Iterator[Message]:
        """Has missing Dask workers started, then waits for messages of the workers, a fraction of a second at most."""
        self._keep_up()
        return super().messages(until)

    def _show_waiting(self, why: str) -> None:
        """Does nothing: the places of the workers are written with it."""

    def _keep_up(self) -> None:
        """Has Dask workers started for the workers that wait for one."""
        now = time.monotonic()
        soon = now - self._kept_up < (_UPKEEP_SECONDS if self._pool.has_waited() else _START_SECONDS)
        if soon and not self._connection.has_changed:
            return
        self._kept_up = now
        connected = self._connection.connected()
        if connected is not None:
            self._launcher.connected([worker.name for worker in connected.values()])
            self._pool.update(connected)
        self._launcher.scale_to(len(self._pool.workers))
        places = [
            WorkerPlace(worker.number, str(worker.place) if worker.place else "", worker.asked)
            for worker in self._pool.workers
        ]
        waits = "; ".join(filter(None, [self._earlier.described, self._launcher.queued]))
        write_places(self._folder, WorkerPlaces(waits, places))


def remote_setup(setup: ExecutorSetup) -> WorkerSetup:
    """Returns the setup of the workers: paths are absolute, and threads are those of a worker's own machine."""
    made = worker_setup(setup.config, setup.directory.absolute(), setup.log.absolute(), setup.parallel)
    if setup.config.execution.dask.storage is not None:  # its source is written where the workers are
        made = replace(made, workload=setup.config.workload, environment={})
    environment = {**made.environment, **thread_environment(1, threads_of(setup.config, setup.parallel))}
    return replace(made, environment=environment, working_directory=Path(made.working_directory).absolute())


def threads_of(config: SweepConfig, parallel: int) -> int | None:
    """Returns the threads of numerical libraries in each worker; None: this machine's cores are shared out."""
    execution = config.execution
    if execution.threads_per_trial is not None:
        return execution.threads_per_trial
    if execution.dask.slurm is not None:
        return execution.dask.slurm.cores
    if execution.dask.kubernetes is not None:
        return whole_cores(config.resources.cpu)
    if execution.dask.scheduler is None and execution.dask.ssh is None:
        return int(thread_environment(parallel, None)["OMP_NUM_THREADS"])
    return 1
