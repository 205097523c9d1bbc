"""How many cores this process may use, and each worker's share of them."""

from __future__ import annotations

import os
from pathlib import Path

from morphogenetic_engine.sweeps.schema.sections import ExecutionConfig

_CGROUP = Path("/sys/fs/cgroup")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def available_cores(cgroup: Path = _CGROUP) -> int:
    """Return the number of cores by CPU affinity and by the container's CPU limit, whichever is lower; at least 1."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = _container_limit(cgroup)
    return max(1, affinity if limit is None else min(affinity, int(limit)))


def parallel_workers(execution: ExecutionConfig) -> int:
    """Return the number of workers that a configuration asks for on this machine."""
    return available_cores() if execution.max_parallel == "auto" else execution.max_parallel


def thread_environment(workers: int, threads: int | None) -> dict[str, str]:
    """Return the variables that keep numerical libraries from using more cores than there are."""
    share = threads or max(1, available_cores() // workers)
    return {name: str(share) for name in _THREAD_VARIABLES}


def _container_limit(cgroup: Path) -> float | None:
    """Return the CPU quota in cores, from cgroup v2 (cpu.max) or v1 (cpu.cfs_*), or None without one."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    return None if quota in {"max", "-1"} else int(quota) / int(period)
