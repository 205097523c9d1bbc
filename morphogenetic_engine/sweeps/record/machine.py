"""The machine that a sweep ran on, described as far as times depend on it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_CGROUP = Path("/sys/fs/cgroup")


class Machine(BaseModel):
    """The properties of a machine that the duration of a trial depends on, apart from its load."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    processor: str
    """The model's name, or the architecture where the system does not tell."""
    cores: int

    def difference(self, other: Machine) -> str:
        """Returns the differences between two machines, in words; "" if times on both can be compared."""
        for name in ("system", "processor", "cores"):
            mine, others = getattr(self, name), getattr(other, name)
            if mine != others:
                return f"another machine: its {name} is {mine}, that of the reference {others}"
        return ""


def this_machine() -> Machine:
    """Returns the machine that this process runs on; `cores` are those that it may use."""
    return Machine(system=platform.system(), processor=_processor(), cores=available_cores())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []  # not Linux
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def available_cores(cgroup: Path = _CGROUP) -> int:
    """Returns the number of cores by CPU affinity and by the container's CPU limit, whichever is lower; at least 1."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = _container_limit(cgroup)
    return max(1, affinity if limit is None else min(affinity, int(limit)))


def _container_limit(cgroup: Path) -> float | None:
    """Returns the CPU quota in cores, from cgroup v2 (cpu.max) or v1 (cpu.cfs_*), or None without one."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    return None if quota in {"max", "-1"} else int(quota) / int(period)
