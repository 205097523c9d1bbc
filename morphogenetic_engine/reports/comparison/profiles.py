"""Performance profiles: for every threshold, the share of runs that are at least as good (Dolan and More, 2002)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from morphogenetic_engine.sweeps.record.averages import scaled
from morphogenetic_engine.sweeps.schema.objective import Direction

THRESHOLDS = 101
_Z = 1.959963984540054  # of the 95 % interval


@dataclass(frozen=True)
class Profile:
    """The profile of one collection of runs: T thresholds, the same for all that are compared."""

    name: str
    runs: int
    thresholds: tuple[float, ...]
    """From the worst value of all to the best."""
    share: tuple[float, ...]
    """The share of runs that are at least as good as each threshold."""
    low: tuple[float, ...]
    """The 95 % interval of the share (Wilson's)."""
    high: tuple[float, ...]


def profiles_of(values: Mapping[str, Sequence[float]], direction: Direction) -> tuple[Profile, ...]:
    """Returns the profile of each of the named collections of values; those without a value are left out."""
    every = [value for each in values.values() for value in each]
    if not every:
        return ()
    worst, best = (min(every), max(every)) if direction is Direction.MAXIMIZE else (max(every), min(every))
    units, exponent = scaled(np.array([worst, best]))
    thresholds_T = np.ldexp(np.linspace(units[0], units[1], THRESHOLDS), exponent)
    thresholds_T[-1] = best
    found = []
    for name, each in values.items():
        if each:
            ordered = np.sort(each)
            below_T = np.searchsorted(
                ordered, thresholds_T, side="left" if direction is Direction.MAXIMIZE else "right"
            )
            good_T = len(each) - below_T if direction is Direction.MAXIMIZE else below_T
            bounds = [_wilson(int(good), len(each)) for good in good_T]
            found.append(
                Profile(
                    name,
                    len(each),
                    tuple(thresholds_T.tolist()),
                    tuple((good_T / len(each)).tolist()),
                    tuple(low for low, _ in bounds),
                    tuple(high for _, high in bounds),
                )
            )
    return tuple(found)


def _wilson(good: int, runs: int) -> tuple[float, float]:
    share, weight = good / runs, _Z**2 / runs
    centre = (share + weight / 2) / (1 + weight)
    half = _Z * math.sqrt(share * (1 - share) / runs + weight / (4 * runs)) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)
