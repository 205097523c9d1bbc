"""Streams of random numbers from one seed: repeatable, independent, and without effect on global state."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.engine.randomness import Stream, numpy_generator, torch_generator


@given(seed=st.integers(0, 2**130), path=st.lists(st.integers(0, 9), max_size=2))
def test_equal_arguments_draw_equal_numbers(seed: int, path: list[int]) -> None:
    first, again = (numpy_generator(seed, *path).random(4) for _ in range(2))
    assert np.array_equal(first, again)
    first_T, again_T = (torch.rand(4, generator=torch_generator(seed, *path)) for _ in range(2))
    assert torch.equal(first_T, again_T)


def test_streams_and_seeds_draw_different_numbers() -> None:
    paths = [(seed, stream) for seed in (0, 1, 2**32) for stream in Stream] + [(0, Stream.CHILD, 1)]
    assert len({torch_generator(*path).initial_seed() for path in paths}) == len(paths)
    assert len({numpy_generator(*path).integers(2**60) for path in paths}) == len(paths)


def test_global_generators_are_left_alone() -> None:
    before = torch.get_rng_state()
    torch_generator(7).get_state()
    numpy_generator(7).random()
    assert torch.equal(before, torch.get_rng_state())
