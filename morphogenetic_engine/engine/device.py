"""The device and the number of threads of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from morphogenetic_engine.errors import ConfigError


def resolve_device(name: str) -> torch.device:
    """Returns the configured device; auto selects the first GPU if there is one, otherwise the CPU.

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
    """Sets the number of intra-operation threads, and restores the previous number on exit."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
