"""The number of workers, and each worker's share of the cores."""

from __future__ import annotations

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.machine import available_cores
from morphogenetic_engine.sweeps.schema.execution_section import ExecutionConfig
from morphogenetic_engine.sweeps.schema.executors.executor_names import DASK

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

_MOST_FUSED = 64
"""Trials of a batch with `fuse: auto`: more gain little on a CPU, and a killed process loses what all of them did."""
_LEAST_FUSED = 4
"""Trials that each worker must be able to have at once, with `fuse: auto`; fewer are seldom alike."""


def parallel_workers(execution: ExecutionConfig) -> int:
    """Returns the number of workers that a configuration asks for, on this machine or where its executor has them."""
    if execution.max_parallel != "auto":
        return execution.max_parallel
    elsewhere = execution.dask.worker_count if execution.executor == DASK else None
    return elsewhere or available_cores()


def fused_trials(config: SweepConfig, parallel: int, at_once: int | None) -> int:
    """Returns the largest number of trials that a worker trains at once, if its workload can; 0: it does not use this.

    `at_once` is the number of trials that can run at once because others wait for their results; None: any number. With
    few for each worker, `auto` gives each one at a time: which trials share a worker is settled when they start, and a
    worker that has two unlike ones at the end gains nothing and keeps another one idle.

    A process of its own for each trial is the opposite of fusing. Replicates run one after another.
    """
    execution = config.execution
    if execution.fuse == "off" or execution.isolate or config.experiment.replicates > 1:
        return 0
    if isinstance(execution.fuse, int):
        return 0 if execution.fuse == 1 else execution.fuse
    if at_once is None:
        return _MOST_FUSED
    share = at_once // parallel
    return min(share, _MOST_FUSED) if share >= _LEAST_FUSED else 1


def thread_environment(workers: int, threads: int | None) -> dict[str, str]:
    """Returns the variables that keep numerical libraries from using more cores than there are."""
    share = threads or max(1, available_cores() // workers)
    return {name: str(share) for name in _THREAD_VARIABLES}
