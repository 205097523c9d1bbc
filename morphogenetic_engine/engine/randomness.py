"""Random generators of the engine's own: streams of one seed that do not disturb each other or any global state."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch


class Stream(IntEnum):
    """What a generator is for; the numbers are part of what a seed means, so they stay."""

    DATA = 0
    SPLIT = 1
    WEIGHTS = 2
    ORDER = 3
    CHILD = 4


def numpy_generator(seed: int, *path: int) -> np.random.Generator:
    """Return NumPy's generator of a stream; equal arguments give equal numbers, different ones independent numbers."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=path))


def torch_generator(seed: int, *path: int) -> torch.Generator:
    """Return torch's generator of a stream. It lives on the CPU, so that a GPU run draws the same numbers."""
    state = np.random.SeedSequence(seed, spawn_key=path).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]))
