"""Distributions of the values of a range: even, even in the logarithm, normal or log-normal, cut off at both ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from morphogenetic_engine.errors import ConfigError


@dataclass(frozen=True)
class Normal:
    """A normal distribution of the values, or of their natural logarithms."""

    mean: float
    """The middle, as a value of the range: with a logarithm the median."""
    std: float
    """The standard deviation of the values, or of their natural logarithms."""

    def check(self, low: float, high: float) -> None:
        """Checks the distribution against the ends of its range.

        Raises:
            ConfigError: it has no width, or its middle lies outside.
        """
        if self.std <= 0:
            raise ConfigError(f"std must be > 0, but got std={self.std}")
        if not low <= self.mean <= high:
            raise ConfigError(f"mean must be from low to high, but got mean={self.mean}, low={low}, high={high}")


@dataclass(frozen=True)
class Spread:
    """The distribution of the numbers between two ends."""

    low: float
    high: float
    log: bool = False
    prior: Normal | None = None

    def at(self, unit: float) -> float:
        """Returns the number below which a share of the distribution lies."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        if self.prior is None:
            scaled = low + unit * (high - low)
        else:
            normal = self._normal(self.prior)
            below, above = normal.cdf(low), normal.cdf(high)
            share = below + unit * (above - below)
            scaled = normal.inv_cdf(share) if 0 < share < 1 else low if share <= 0 else high
        number = math.exp(min(max(scaled, low), high)) if self.log else scaled
        return min(max(number, self.low), self.high)

    def share(self, number: float) -> float:
        """Returns the share of the distribution below a number; less than 1."""
        low, high, scaled = (
            self._scaled(min(max(each, self.low), self.high)) for each in (self.low, self.high, number)
        )
        if self.prior is not None:
            normal = self._normal(self.prior)
            low, high, scaled = normal.cdf(low), normal.cdf(high), normal.cdf(scaled)
        return min(max((scaled - low) / (high - low), 0.0), math.nextafter(1, 0)) if high > low else 0.5

    def middles(self, points: int) -> Sequence[float]:
        """Returns the middles of so many parts of equal share, in 12 digits."""
        return [float(f"{self.at((index + 0.5) / points):.12g}") for index in range(points)]

    def _scaled(self, number: float) -> float:
        return math.log(number) if self.log else number

    def _normal(self, prior: Normal) -> NormalDist:
        return NormalDist(self._scaled(prior.mean), prior.std)


def stepped_spread(low: float, last: float, step: float, log: bool, prior: Normal | None) -> Spread:
    """Returns the distribution that gives each step its share: half a step beyond both ends, as far as a log goes."""
    lowest = max(low - step / 2, low / 2) if log else low - step / 2
    return Spread(lowest, last + step / 2, log, prior)


def evenly(low: float, high: float, points: int, *, log: bool) -> list[float]:
    """Returns `points` numbers from low to high, evenly (in the logarithm) apart, with both ends exact."""
    if points == 1:
        return [low]
    if log:
        raw = [low ** (1 - index / (points - 1)) * high ** (index / (points - 1)) for index in range(points)]
    else:
        raw = [low + (high - low) * index / (points - 1) for index in range(points)]
    # Twelve digits turn 0.00010000000000000002 into the 0.0001 that the user means.
    return [low, *(min(max(float(f"{value:.12g}"), low), high) for value in raw[1:-1]), high]
