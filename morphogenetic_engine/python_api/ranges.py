"""The parameters of a search space as Python values: the words of a sweep file as arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from morphogenetic_engine.trial import Value

Condition = Mapping[str, Value | Sequence[Value]]
"""Values, or lists of values, that other parameters must have."""


@dataclass(frozen=True)
class Float:
    """Real numbers from `low` to `high`, both included."""

    low: float
    high: float
    _: KW_ONLY
    log: bool = False
    """Spread the values in the logarithm."""
    step: float | None = None
    """Only low, low + step, low + 2 step and so on."""
    points: int | None = None
    """The number of values of a grid; 5 where neither step nor points is given."""
    mean: float | None = None
    """The middle of a normal distribution that values are drawn from; with log its median, of a log-normal one."""
    std: float | None = None
    """The standard deviation of that distribution; with log that of the natural logarithm."""
    when: Condition | None = None
    """Only there when other parameters have these values: {"optimizer": "sgd"}, or a list of values."""
    default: float | None = None
    """Its value in the baseline, the configuration that runs first."""

    def written(self) -> dict[str, object]:
        """Returns the parameter as a sweep file writes it."""
        return _written("float", self)


@dataclass(frozen=True)
class Int:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int
    _: KW_ONLY
    log: bool = False
    """Spread the values in the logarithm."""
    step: int | None = None
    """Only every step-th number; 1 where it is left out."""
    points: int | None = None
    """The number of values of a grid; 5 where neither step nor points is given."""
    mean: float | None = None
    """The middle of a normal distribution that values are drawn from; with log its median, of a log-normal one."""
    std: float | None = None
    """The standard deviation of that distribution; with log that of the natural logarithm."""
    when: Condition | None = None
    """Only there when other parameters have these values: {"optimizer": "sgd"}, or a list of values."""
    default: int | None = None
    """Its value in the baseline, the configuration that runs first."""

    def written(self) -> dict[str, object]:
        """Returns the parameter as a sweep file writes it."""
        return _written("int", self)


@dataclass(frozen=True)
class Choice:
    """One of the listed values. A plain list stands for it where `when` and `default` are not needed."""

    choices: Sequence[Value]
    _: KW_ONLY
    probabilities: Sequence[float] | None = None
    """The probability of each value in random draws; they add up to 1. Left out: all are equal."""
    when: Condition | None = None
    """Only there when other parameters have these values: {"optimizer": "sgd"}, or a list of values."""
    default: Value | None = None
    """Its value in the baseline, the configuration that runs first."""

    def written(self) -> dict[str, object]:
        """Returns the parameter as a sweep file writes it."""
        return _written("categorical", self)


def _written(kind: str, parameter: Float | Int | Choice) -> dict[str, object]:
    given = {name: value for name, value in vars(parameter).items() if value is not None and value is not False}
    return {"type": kind, **given, **({"default": False} if parameter.default is False else {})}
