"""Scales: the position of a value between the two ends of an axis, and the ticks of the axis."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.reports.drawing.number_text import fixed_text, number_text

_PADDING = 0.04
"""The share of the axis that stays free beyond the outermost values."""
_LEAST, _MOST = math.log(math.ulp(0.0)), math.log(sys.float_info.max)
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    place: float
    """From 0, the lower end, to 1."""
    label: str


@dataclass(frozen=True)
class LinearScale:
    """A linear scale: equal differences have equal distances."""

    low: float
    high: float
    whole: bool = False
    """Ticks at whole numbers only."""

    def unit(self, value: float) -> float:
        # Halves, because the difference of two floats may be larger than any float.
        return (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)

    def ticks(self, most: int) -> tuple[Tick, ...]:
        values, step = _even(self.low, self.high, most, whole=self.whole)
        return tuple(Tick(self.unit(value), fixed_text(value, step)) for value in values)


@dataclass(frozen=True)
class LogScale:
    """A logarithmic scale: equal ratios have equal distances; both ends are positive."""

    low: float
    high: float

    def unit(self, value: float) -> float:
        low = math.log(self.low)
        return (math.log(value) - low) / (math.log(self.high) - low)

    def ticks(self, most: int) -> tuple[Tick, ...]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        powers = range(first, last + 1)
        if len(powers) >= most or len(powers) > 3:
            stride = max(1, math.ceil(len(powers) / most))
            return self._at([10.0**power for power in powers[::stride]])
        for multiples in ((1, 2, 5), (1, 3), (1,)):
            values = [multiple * 10.0**power for power in range(first - 1, last + 1) for multiple in multiples]
            inside = [value for value in values if self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9)]
            if 2 <= len(inside) <= most:
                return self._at(inside)
        values, step = _even(self.low, self.high, most)
        return tuple(Tick(self.unit(value), fixed_text(value, step)) for value in values if value > 0)

    def _at(self, values: Sequence[float]) -> tuple[Tick, ...]:
        return tuple(Tick(self.unit(value), number_text(value)) for value in values)


@dataclass(frozen=True)
class CategoryScale:
    """Categories by their numbers from 0, each with a slot of its own."""

    labels: tuple[str, ...]
    downwards: bool = False
    """True: the first category is at the upper end, as in a list."""

    def unit(self, value: float) -> float:
        place = (value + 0.5) / max(1, len(self.labels))
        return 1 - place if self.downwards else place

    def ticks(self, most: int) -> tuple[Tick, ...]:
        stride = max(1, math.ceil(len(self.labels) / most))
        return tuple(Tick(self.unit(index), self.labels[index]) for index in range(0, len(self.labels), stride))


Scale = LinearScale | LogScale | CategoryScale


def fitted(values: Sequence[float], *, log: bool = False, whole: bool = False) -> LinearScale | LogScale:
    """Returns the scale that shows all values with a margin; a single value is centred."""
    if log and values and min(values) > 0:
        low, high = math.log(min(values)), math.log(max(values))
        room = (high - low) * _PADDING or math.log(2)
        return LogScale(math.exp(max(low - room, _LEAST)), math.exp(min(high + room, _MOST)))
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = high * _PADDING - low * _PADDING
    if room <= 1e-12 * max(abs(low), abs(high)):
        # Beyond 2^53 neighbouring floats are more than 1 apart: adding 0.5 would leave a scale of length 0.
        room = max(0.5, abs(low) * 1e-9) if whole else abs(low) * 0.05 or 1.0
    most = sys.float_info.max
    return LinearScale(max(low - room, -most), min(high + room, most), whole)


def from_zero(values: Sequence[float], *, whole: bool = False) -> LinearScale:
    """Returns a scale from 0 to a little above the largest value, as lengths of bars need it."""
    high = max(values, default=0.0)
    return LinearScale(0.0, high * (1 + _PADDING) if high > 0 else 1.0, whole)


def _even(low: float, high: float, most: int, *, whole: bool = False) -> tuple[list[float], float]:
    """Returns round numbers between two bounds, and their distance."""
    raw = high / max(1, most) - low / max(1, most)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * each for each in _STEPS if power * each >= raw * (1 - 1e-9))
    if whole:
        step = max(1.0, float(math.ceil(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [value for index in range(first, last + 1) if math.isfinite(value := index * step)], step
