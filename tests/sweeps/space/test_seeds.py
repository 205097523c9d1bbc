"""Seeds depend on the sweep's seed and the place in the sweep only, in every version."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.space.seeds import derived_seed, trial_seed

SEEDS = st.integers(0, 2**32 - 1)


def test_seeds_are_those_of_every_earlier_version() -> None:
    # Pinned: a sweep that an older version began is resumed with the same seeds.
    assert [trial_seed(42, number) for number in range(3)] == [529130429, 526877194, 1657670376]
    assert derived_seed(42, "design") == 1612984483


@given(SEEDS, st.integers(0, 10**9))
def test_a_trial_seed_fits_every_generator(seed: int, number: int) -> None:
    assert 0 <= trial_seed(seed, number) < 2**31


@given(SEEDS)
def test_trials_of_a_sweep_have_seeds_of_their_own(seed: int) -> None:
    assert len({trial_seed(seed, number) for number in range(100)}) == 100


@given(SEEDS, SEEDS, st.integers(0, 1000))
def test_sweeps_with_other_seeds_have_other_trial_seeds(one: int, other: int, number: int) -> None:
    assert (trial_seed(one, number) == trial_seed(other, number)) == (one == other)


def test_purposes_do_not_share_a_seed() -> None:
    assert len({derived_seed(0, "design"), derived_seed(0, "redraw"), derived_seed(0, "trial", 0)}) == 3
