"""The axes of a search space: the kinds of parameters, their values, and the texts that stand for these values.

`parse(text)` and `text(value)` are exact inverses, so a value survives the trip through a Katib assignment, a command
line or a CSV file unchanged. A unit number is a float in [0, 1), which designs and samplers draw.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import overload

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.space.priors import Normal, Spread, evenly, stepped_spread
from morphogenetic_engine.trial import Value, text

_LISTED_VALUES = 1000
"""Up to here the values of a range with a step are held in memory."""
_ROUNDING = 1e-6
"""The tolerance for the sum of probabilities, which must be 1."""
GRID_POINTS = 5
"""The number of grid values of a range without `step` and `points`."""
MOST_POINTS = 100_000
"""The most values that a range may be divided into by `points`: they are all computed."""


class AxisValues(Sequence[Value]):
    """The values of a finite range, computed when they are asked for."""

    def __init__(self, axis: IntRange | FloatRange, size: int) -> None:
        self._axis = axis
        self.size = size
        """Their number, which may be beyond what len() can say."""

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Value: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Value]: ...
    def __getitem__(self, index: int | slice) -> Value | Sequence[Value]:
        if isinstance(index, slice):
            return [self._axis.at(each) for each in range(self.size)[index]]
        return self._axis.at(range(self.size)[index])

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:
        """Returns the place of a value without a walk over the others."""
        place = self._axis.place_of(value) if isinstance(value, (bool, int, float, str)) else None
        if place is None or place not in range(self.size)[start:stop]:
            raise ValueError(f"{value!r} is not among the values")
        return place


@dataclass(frozen=True)
class Choices:
    """A parameter that takes one of the values listed."""

    values: tuple[Value, ...]
    probabilities: tuple[float, ...] | None = None
    """The probability of each value in a random draw; None: all are equal."""

    def __post_init__(self) -> None:
        if not self.values:
            raise ConfigError("choices must not be empty")
        texts: set[str] = set()
        numbers: set[float] = set()
        for value in self.values:
            number = None if isinstance(value, str) else value
            if text(value) in texts or number in numbers:
                raise ConfigError(f"choices must differ from each other, but {text(value)} is a duplicate value")
            texts.add(text(value))
            if number is not None:
                numbers.add(number)
        if self.probabilities is not None:
            _check_probabilities(self.probabilities, len(self.values))

    @property
    def size(self) -> int:
        return len(self.values)

    @property
    def shares(self) -> tuple[float, ...]:
        """The probability of each value; they add up to exactly 1."""
        given = self.probabilities or (1.0,) * len(self.values)
        total = math.fsum(given)
        return tuple(each / total for each in given)

    def at(self, index: int) -> Value:
        return self.values[index]

    def from_unit(self, unit: float) -> Value:
        if self.probabilities is None:
            return self.values[int(unit * len(self.values))]
        below = accumulate(self.probabilities)
        return next((value for value, share in zip(self.values, below, strict=True) if unit < share), self.values[-1])

    def to_unit(self, value: Value) -> float:
        """Returns a unit number that stands for a value."""
        index = self.values.index(value)
        if self.probabilities is None:
            return (index + 0.5) / len(self.values)
        return sum(self.probabilities[:index]) + self.probabilities[index] / 2

    def grid(self) -> tuple[Value, ...]:
        return self.values

    def parse(self, written: str) -> Value:
        for value in self.values:
            if text(value) == written:
                return value
        raise ConfigError(f"must be one of {', '.join(map(text, self.values))}, but got {written!r}")


@dataclass(frozen=True)
class IntRange:
    """Whole numbers from `low` to `high`, both included, every `step`-th of them."""

    low: int
    high: int
    step: int = 1
    log: bool = False
    points: int | None = None
    prior: Normal | None = None

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high, self.log)
        _check_points(self.points)
        if self.step < 1:
            raise ConfigError(f"step must be >= 1, but got step={self.step}")
        if self.prior is not None:
            self.prior.check(self.low, self.high)

    @property
    def reshaped(self) -> bool:
        """True if its distribution is none of those that all samplers know, so that they search its unit number."""
        return self.prior is not None or (self.log and self.step != 1)

    @property
    def size(self) -> int:
        return (self.high - self.low) // self.step + 1

    def at(self, index: int) -> int:
        return self.low + index * self.step

    def place_of(self, value: Value) -> int | None:
        """Returns the index of a value, or None when it is none of the range."""
        if isinstance(value, (bool, str)) or not self.low <= value <= self.high:
            return None
        place = int(value - self.low) // self.step
        return place if self.at(place) == value else None

    def from_unit(self, unit: float) -> int:
        if self.reshaped:
            return self._nearest(self._distribution.at(unit))
        if not self.log:
            return self.at(int(unit * self.size))
        # Half a unit on either side gives both ends their full share, as in Optuna.
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return min(max(round(math.exp(low + unit * (high - low))), self.low), self.high)

    def to_unit(self, value: Value) -> float:
        """Returns a unit number that stands for a value."""
        if self.reshaped:
            return self._distribution.share(float(value))
        if not self.log:
            return ((int(value) - self.low) // self.step + 0.5) / self.size
        return Spread(self.low - 0.5, self.high + 0.5, log=True).share(float(value))

    def grid(self) -> Sequence[Value]:
        points = self.points or GRID_POINTS
        if (self.step != 1 and self.points is None) or points >= self.size:
            if self.size > sys.maxsize:
                return AxisValues(self, self.size)
            return range(self.low, self.high + 1, self.step)  # any length, nothing held in memory
        if self.prior is not None:
            spread = [self._nearest(value) for value in self._distribution.middles(points)]
        elif self.log and self.step != 1:
            spread = [self._nearest(value) for value in evenly(self.low, self.at(self.size - 1), points, log=True)]
        elif self.log:
            spread = [round(value) for value in evenly(self.low, self.high, points, log=True)]
        else:
            spread = [self.at(round(index)) for index in evenly(0, self.size - 1, points, log=False)]
        return tuple(dict.fromkeys(spread))

    @property
    def _distribution(self) -> Spread:
        return stepped_spread(self.low, self.at(self.size - 1), self.step, self.log, self.prior)

    def _nearest(self, number: float) -> int:
        return self.at(min(max(round((number - self.low) / self.step), 0), self.size - 1))

    def parse(self, written: str) -> int:
        try:
            value = int(written)
        except ValueError as error:
            raise ConfigError(f"must be a whole number, but got {written!r}") from error
        if not self.low <= value <= self.high or (value - self.low) % self.step:
            raise ConfigError(f"must be one of {self.low}, {self.low + self.step}, ... {self.high}, but got {written}")
        return value


@dataclass(frozen=True)
class FloatRange:
    """Real numbers from `low` to `high`; with a `step`, only `low`, `low + step`, ... up to `high`."""

    low: float
    high: float
    step: float | None = None
    log: bool = False
    points: int | None = None
    prior: Normal | None = None

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high, self.log)
        _check_points(self.points)
        if self.step is not None and self.step <= 0:
            raise ConfigError(f"step must be > 0, but got step={self.step}")
        if self.prior is not None:
            self.prior.check(self.low, self.high)
        if not math.isfinite(self.high - self.low):
            raise ConfigError(f"high - low must be finite, but got low={self.low}, high={self.high}")
        spacing = math.ulp(max(abs(self.low), abs(self.high)))
        if self.step is not None and self.step <= spacing:
            raise ConfigError(f"step must be > {spacing}, the spacing of floats there, but got step={self.step}")

    @property
    def size(self) -> int | None:
        if self.low == self.high:
            return 1
        if self.step is None:
            return None
        return int((_decimal(self.high) - _decimal(self.low)) / _decimal(self.step)) + 1

    def at(self, index: int) -> float:
        # Decimal arithmetic on the numbers as written: 0.1 + 2 * 0.1 is 0.3, not 0.30000000000000004.
        if self.step is None:
            return self.low
        return min(float(_decimal(self.low) + index * _decimal(self.step)), self.high)

    @property
    def reshaped(self) -> bool:
        """True if its distribution is none of those that all samplers know, so that they search its unit number."""
        return self.prior is not None or (self.log and self.step is not None)

    def from_unit(self, unit: float) -> float:
        if self.reshaped:
            return self._nearest(self._distribution.at(unit))
        if self.size is not None:
            return self.at(int(unit * self.size))
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return min(max(math.exp(low + unit * (high - low)), self.low), self.high)
        return min(self.low + unit * (self.high - self.low), self.high)

    def to_unit(self, value: Value) -> float:
        """Returns a unit number that stands for a value, or one very near where the range is continuous."""
        number = float(value)
        if self.size is not None and not self.reshaped:
            return ((self.place_of(number) or 0) + 0.5) / self.size
        return self._distribution.share(number)

    def place_of(self, value: Value) -> int | None:
        """Returns the index of a value, or None when it is none of the range, or the range is continuous."""
        if isinstance(value, (bool, str)) or not self.low <= value <= self.high:
            return None
        if self.step is None:
            return 0 if self.low == self.high else None
        place = round((_decimal(float(value)) - _decimal(self.low)) / _decimal(self.step))
        return place if self.at(place) == value else None

    def grid(self) -> Sequence[Value]:
        if self.size is not None and (self.points is None or self.points >= self.size):
            values = AxisValues(self, self.size)
            return values if self.size > _LISTED_VALUES else tuple(values)
        points = self.points or GRID_POINTS
        if self.reshaped and self.prior is not None:
            return tuple(dict.fromkeys(map(self._nearest, self._distribution.middles(points))))
        if self.reshaped and self.size is not None:
            return tuple(dict.fromkeys(map(self._nearest, evenly(self.low, self.at(self.size - 1), points, log=True))))
        if self.size is not None:
            return tuple(self.at(round(index)) for index in evenly(0, self.size - 1, points, log=False))
        return tuple(dict.fromkeys(evenly(self.low, self.high, points, log=self.log)))

    @property
    def _distribution(self) -> Spread:
        if self.step is None or self.size is None:
            return Spread(self.low, self.high, self.log, self.prior)
        return stepped_spread(self.low, self.at(self.size - 1), self.step, self.log, self.prior)

    def _nearest(self, number: float) -> float:
        if self.step is None or self.size is None:
            return min(max(number, self.low), self.high)
        return self.at(min(max(round((number - self.low) / self.step), 0), self.size - 1))

    def parse(self, written: str) -> float:
        try:
            value = float(written)
        except ValueError as error:
            raise ConfigError(f"must be a number, but got {written!r}") from error
        if not self.low <= value <= self.high:
            raise ConfigError(f"must be from {self.low} to {self.high}, but got {written}")
        if self.step is not None and self.place_of(value) is None:
            raise ConfigError(f"must be {self.low} plus a multiple of {self.step}, but got {written}")
        return value


Parameter = Choices | IntRange | FloatRange
"""One axis of the space."""


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))


def _check_bounds(low: float, high: float, log: bool) -> None:
    if low > high:
        raise ConfigError(f"low must be <= high, but got low={low}, high={high}")
    if log and low <= 0:
        raise ConfigError(f"low must be > 0 when log is true, but got low={low}")


def _check_probabilities(probabilities: Sequence[float], choices: int) -> None:
    if len(probabilities) != choices:
        raise ConfigError(f"probabilities must be {choices}, one for each choice, but got {len(probabilities)}")
    for each in probabilities:
        if not 0 < each <= 1:
            raise ConfigError(
                f"probabilities must be > 0 and <= 1, but got {each}; leave out a choice that never comes"
            )
    if abs(sum(probabilities) - 1) > _ROUNDING:
        raise ConfigError(f"probabilities must add up to 1, but got {sum(probabilities):.12g}")


def _check_points(points: int | None) -> None:
    if points is not None and points < 1:
        raise ConfigError(f"points must be >= 1, but got points={points}")
    if points is not None and points > MOST_POINTS:
        raise ConfigError(f"points must be <= {MOST_POINTS}, but got points={points}; give a step for a finer range")
