"""The GPUs of each of several workers on a machine: all would train on the first one, as CUDA shows them all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_DEVICES = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class GpuShare:
    """The place of a worker among those of its machine."""

    place: int
    workers: int

    @property
    def option(self) -> str:
        """The share as text, such as "0/2"."""
        return f"{self.place}/{self.workers}"

    def devices(self, count: int) -> list[int]:
        """Returns the numbers of the worker's GPUs of `count`: its part of them, or one that others use as well."""
        if count <= self.workers:
            return [self.place % count] if count else []
        return list(range(self.place, count, self.workers))


def share_of(text: str) -> GpuShare:
    """Returns the share that an option holds.

    Raises:
        ValueError: it holds none.
    """
    place, workers = (int(part) for part in text.split("/"))
    return GpuShare(place, workers)


def share_at(hosts: Sequence[str], number: int) -> GpuShare | None:
    """Returns the share of the worker at a place of a list of hosts; None: it has its machine for itself."""
    place = number % len(hosts)
    workers = hosts.count(hosts[place])
    return GpuShare(hosts[:place].count(hosts[place]), workers) if workers > 1 else None


def use_share(share: GpuShare, devices: Path = _DEVICES) -> None:
    """Has what this process starts see its GPUs alone, unless its environment names some already."""
    if _VISIBLE in os.environ or not devices.is_dir():
        return
    own = share.devices(len(list(devices.iterdir())))
    os.environ[_VISIBLE] = ",".join(map(str, own))
