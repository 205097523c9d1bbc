"""Where a run computes, and with how many threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from morphogenetic_engine.errors import ConfigError


def resolve_device(name: str) -> torch.device:
    """Return the device that the setting names; auto is the first GPU, or the CPU on a machine without.

    Raises:
        ConfigError: this machine has no such GPU.
    """
    if name == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"device: must exist on this machine ({torch.cuda.device_count()} GPUs), but got {name!r}")
    return device


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Compute with so many threads inside one operation, and with as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
