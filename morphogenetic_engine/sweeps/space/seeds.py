"""Seeds: every random number of a sweep follows from the sweep's seed and a place in the sweep."""

from __future__ import annotations

import hashlib


def trial_seed(sweep_seed: int, number: int) -> int:
    """Returns the seed of a trial: a function of the sweep's seed and the trial's number alone, from 0 to 2^31 - 1."""
    return derived_seed(sweep_seed, "trial", number)


def derived_seed(sweep_seed: int, purpose: str, *place: int) -> int:
    """Returns an independent seed from 0 to 2^31 - 1 for one purpose (and place) within the sweep."""
    digest = hashlib.sha256(":".join(map(str, (sweep_seed, purpose, *place))).encode()).digest()
    return int.from_bytes(digest[:4]) >> 1
