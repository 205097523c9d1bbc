"""The built-in executor: worker processes on this machine."""

from __future__ import annotations

from types import TracebackType

from morphogenetic_engine.backends.worker_executor import WorkerExecutor
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.workers.pool import WorkerPool
from morphogenetic_engine.sweeps.run.workers.worker import Worker
from morphogenetic_engine.sweeps.run.workload_check import worker_setup


class LocalExecutor(WorkerExecutor[Worker]):
    """An executor whose slots are worker processes on this machine."""

    def __init__(self, setup: ExecutorSetup) -> None:
        workers = worker_setup(setup.config, setup.directory, setup.log, setup.parallel)
        self._pool = WorkerPool(workers, setup.wakeup)
        super().__init__(setup, self._pool)

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.close()
