"""Random generators of the engine: independent streams of one seed, without global state."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch


class Stream(IntEnum):
    """The purpose of a generator. The numbers are part of the meaning of a seed, so they must not change."""

    DATA = 0
    SPLIT = 1
    WEIGHTS = 2
    ORDER = 3
    CHILD = 4


def numpy_generator(seed: int, *path: int) -> np.random.Generator:
    """Returns NumPy's generator of a stream: equal arguments give equal numbers, different ones independent numbers."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=path))


def torch_generator(seed: int, *path: int) -> torch.Generator:
    """Returns torch's generator of a stream, on the CPU, so that a run on a GPU draws the same numbers."""
    state = np.random.SeedSequence(seed, spawn_key=path).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]))
