"""Means, quantiles and spreads of floats of any size: squares of 1e308 fit in no float, those of 1e-308 vanish.

Sums and squares are computed in units of a power of two, which changes no digit of a result that needs no such care.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def scaled(values: Floats) -> tuple[Floats, int]:
    """Returns finite values in units of 2 to the power of the second: the largest is from 1/2 to 1."""
    exponent = math.frexp(float(np.max(np.abs(values), initial=0.0)))[1]
    units: Floats = np.ldexp(values, -exponent)
    return units, exponent


def unscaled(units: float, exponent: int) -> float:
    """Returns the value of `scaled` units; infinite where no float is so large."""
    try:
        return math.ldexp(units, exponent)
    except OverflowError:
        return math.copysign(math.inf, units)


def mean_of(values: Sequence[float]) -> float:
    """Returns the mean of one value or more."""
    units, exponent = scaled(np.asarray(values))
    return unscaled(statistics.fmean(units.tolist()), exponent)


def median_of(values: Sequence[float] | Floats) -> float:
    """Returns the median of one value or more."""
    return quantiles_of(values, [0.5])[0]


def deviation_of(values: Sequence[float]) -> float:
    """Returns the sample standard deviation of two values or more; infinite where no float is so large."""
    units, exponent = scaled(np.asarray(values))
    return unscaled(statistics.stdev(units.tolist()), exponent)


def quantiles_of(values: Sequence[float] | Floats, shares: Sequence[float]) -> list[float]:
    """Returns the quantiles of one value or more, interpolated where they lie between two."""
    ordered = np.sort(values).tolist()
    return [_at(ordered, share * (len(ordered) - 1)) for share in shares]


def _at(ordered: Sequence[float], place: float) -> float:
    low = int(place)
    one, other, part = ordered[low], ordered[min(low + 1, len(ordered) - 1)], place - low
    apart = other - one
    found = one + apart * part if math.isfinite(apart) else one * (1 - part) + other * part
    return min(max(found, one), other)
