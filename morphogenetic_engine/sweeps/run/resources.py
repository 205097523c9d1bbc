"""The number of workers on this machine, and each worker's share of the cores."""

from __future__ import annotations

from morphogenetic_engine.sweeps.record.machine import available_cores
from morphogenetic_engine.sweeps.schema.execution_section import ExecutionConfig

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def parallel_workers(execution: ExecutionConfig) -> int:
    """Returns the number of workers that a configuration asks for on this machine."""
    return available_cores() if execution.max_parallel == "auto" else execution.max_parallel


def thread_environment(workers: int, threads: int | None) -> dict[str, str]:
    """Returns the variables that keep numerical libraries from using more cores than there are."""
    share = threads or max(1, available_cores() // workers)
    return {name: str(share) for name in _THREAD_VARIABLES}
