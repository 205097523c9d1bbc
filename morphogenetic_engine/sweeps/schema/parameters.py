"""The `parameters` section of a sweep file: choices and ranges, and the shorthands that stand for them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.sweeps.space.priors import Normal
from morphogenetic_engine.trial import Value, text

_SCIENTIFIC = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+")
_WHOLE = range(-(2**63), 2**63)
"""The integers that the journal and every carrier can store."""


def scalar(value: object) -> object:
    """Returns a value of a sweep file if the journal can hold it; text stays text, whatever it looks like."""
    if not isinstance(value, (bool, int, float, str)):
        raise ValueError(f"must be a number, text, true or false, but got {value!r}{_remedy(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"must be finite, but got {value!r}")
    if isinstance(value, int) and value not in _WHOLE:
        raise ValueError(f"must fit in 64 bits, but got {value!r}")
    if isinstance(value, str) and not value.isascii():
        _check_unicode(value)
    return value


def _remedy(value: object) -> str:
    """Returns how to write a value that is no scalar."""
    if value is None:
        return '; write "null" or "none" in quotes and let the workload read it'
    if isinstance(value, (list, tuple)):
        return f'; write "{" ".join(map(str, value))}" in quotes and let the workload split it'
    if isinstance(value, date):
        return f'; write "{value}" in quotes for text'
    return ""


def number(value: object) -> object:
    """Returns the value of a field that takes a number: the text 1e4 is one, `true` is none."""
    if isinstance(value, bool):
        raise ValueError(f"must be a number, but got {value!r}")
    if isinstance(value, str) and _SCIENTIFIC.fullmatch(value):
        value = float(value)
    return scalar(value) if isinstance(value, (int, float, str)) else value


def _check_unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"must be Unicode text, but got {value!r}") from error


Scalar = Annotated[StrictBool | StrictInt | StrictFloat | StrictStr, BeforeValidator(scalar)]


class Section(BaseModel):
    """The base class of all sections: frozen, complete, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


def _rule(error: ConfigError) -> ValueError:
    # Pydantic collects ValueErrors and knows where in the file they belong.
    return ValueError(str(error))


def _values(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


Condition = dict[
    str, Annotated[tuple[Scalar, ...], BeforeValidator(_values, json_schema_input_type=Scalar | list[Scalar])]
]


def _check_default(parameter: Parameter, default: Value | None) -> None:
    if default is not None:
        try:
            parameter.parse(text(default))
        except ConfigError as error:
            raise ValueError(f"default {error}") from error


def _normal(mean: float | None, std: float | None) -> Normal | None:
    if mean is None and std is None:
        return None
    if mean is None or std is None:
        raise ConfigError(f"{'std' if std is None else 'mean'} is missing; a normal distribution has mean and std")
    return Normal(mean, std)


class CategoricalParameter(Section):
    """A parameter that takes one of the listed values."""

    type: Literal["categorical"] = "categorical"
    choices: tuple[Scalar, ...]
    """The values, of any kinds; no two alike."""
    probabilities: tuple[float, ...] | None = None
    """The probability of each value in random draws; they add up to 1. Left out: all are equal."""
    when: Condition = Field(default_factory=dict)
    """Only there when other parameters have these values: {problem_type: moons}, or a list of values."""
    default: Scalar | None = None
    """Its value in the baseline, the configuration that runs first."""

    @model_validator(mode="after")
    def _follows_the_rules(self) -> CategoricalParameter:
        _check_default(self.parameter(), self.default)
        return self

    def parameter(self) -> Parameter:
        try:
            return Choices(self.choices, self.probabilities)
        except ConfigError as error:
            raise _rule(error) from error


class IntParameter(Section):
    """Whole numbers in a range."""

    type: Literal["int"] = "int"
    low: int
    """The smallest value."""
    high: int
    """The largest value (included)."""
    step: int = 1
    """Only every step-th number."""
    log: bool = False
    """Spread the values in the logarithm."""
    points: int | None = None
    """The number of values of a grid; 5 where neither step nor points is given."""
    mean: float | None = None
    """The middle of a normal distribution that values are drawn from; with log its median, of a log-normal one."""
    std: float | None = None
    """The standard deviation of that distribution; with log that of the natural logarithm."""
    when: Condition = Field(default_factory=dict)
    """Only there when other parameters have these values: {problem_type: moons}, or a list of values."""
    default: Scalar | None = None
    """Its value in the baseline, the configuration that runs first."""

    _numbers = field_validator("low", "high", "step", "points", "mean", "std", mode="before")(number)

    @model_validator(mode="after")
    def _follows_the_rules(self) -> IntParameter:
        _check_default(self.parameter(), self.default)
        return self

    def parameter(self) -> Parameter:
        try:
            return IntRange(self.low, self.high, self.step, self.log, self.points, _normal(self.mean, self.std))
        except ConfigError as error:
            raise _rule(error) from error


class FloatParameter(Section):
    """Real numbers in a range."""

    type: Literal["float"] = "float"
    low: float
    """The smallest value."""
    high: float
    """The largest value (included)."""
    step: float | None = None
    """Only low, low + step, low + 2 step and so on."""
    log: bool = False
    """Spread the values in the logarithm."""
    points: int | None = None
    """The number of values of a grid; 5 where neither step nor points is given."""
    mean: float | None = None
    """The middle of a normal distribution that values are drawn from; with log its median, of a log-normal one."""
    std: float | None = None
    """The standard deviation of that distribution; with log that of the natural logarithm."""
    when: Condition = Field(default_factory=dict)
    """Only there when other parameters have these values: {problem_type: moons}, or a list of values."""
    default: Scalar | None = None
    """Its value in the baseline, the configuration that runs first."""

    _numbers = field_validator("low", "high", "step", "points", "mean", "std", mode="before")(number)

    @model_validator(mode="after")
    def _follows_the_rules(self) -> FloatParameter:
        _check_default(self.parameter(), self.default)
        return self

    def parameter(self) -> Parameter:
        try:
            return FloatRange(self.low, self.high, self.step, self.log, self.points, _normal(self.mean, self.std))
        except ConfigError as error:
            raise _rule(error) from error


def _written_out(value: object) -> object:
    """Writes a shorthand out: a list or a scalar is choices, a range without a type takes it from its bounds."""
    if isinstance(value, list):
        return {"type": "categorical", "choices": value}
    if isinstance(value, (bool, int, float, str)):
        return {"type": "categorical", "choices": [value]}
    if isinstance(value, dict) and "type" not in value:
        return {"type": _kind(value), **value}
    if isinstance(value, dict) and str(value["type"]) in _NORMAL:
        return normal_range(value)
    return value


_NORMAL = {"normal": False, "log_normal": True}
"""Short words for ranges with a normal distribution, and whether they are logarithmic."""
SPREADS = 3
"""The width of a normal distribution without given ends, in standard deviations to each side."""


def normal_range(written: Mapping[object, object]) -> dict[object, object]:
    """Returns the range that `type: normal` or `log_normal` stands for.

    Raises:
        ValueError: mean or std is missing or no number, or out of range.
    """
    log = _NORMAL[str(written["type"])]
    if "log" in written:
        raise ValueError("log must be left out; the type is normal, or log_normal")
    mean, std = (_real(written, name) for name in ("mean", "std"))
    if log and mean <= 0:
        raise ValueError(f"mean must be > 0 in a log_normal distribution, but got mean={mean}")
    try:
        low, high = normal_ends(mean, std, log=log)
    except OverflowError as error:
        raise ValueError(f"std must be smaller, or low and high given, but got std={std}") from error
    return {"low": low, "high": high, **written, "type": "float", "log": log}


def normal_ends(mean: float, std: float, *, log: bool) -> tuple[float, float]:
    """Returns the ends of a normal distribution that is cut off where 0.3 % of it are left.

    Raises:
        OverflowError: no float holds them.
    """
    if log:
        reach = math.exp(SPREADS * std)
        return float(f"{mean / reach:.12g}"), float(f"{mean * reach:.12g}")
    middle, reach_exact = Decimal(repr(mean)), SPREADS * Decimal(repr(std))  # 0.3 - 3 * 0.1 is 0
    return float(middle - reach_exact), float(middle + reach_exact)


def _real(written: Mapping[object, object], name: str) -> float:
    if written.get(name) is None:
        raise ValueError(f"{name} is missing; a normal distribution has mean and std")
    value = number(written[name])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number, but got {value!r}")
    return float(value)


def _kind(written: dict[object, object]) -> str:
    if "choices" in written:
        return "categorical"
    bounds = (written.get(name) for name in ("low", "high", "step"))
    return "int" if all(bound is None or isinstance(bound, int) for bound in bounds) else "float"


class NormalParameter(Section):
    """Real numbers around a mean: short for a float range with mean and std."""

    type: Literal["normal", "log_normal"]
    mean: float
    """The middle; of a log-normal distribution its median."""
    std: float
    """The standard deviation; of a log-normal distribution that of the natural logarithm."""
    low: float | None = None
    """The smallest value; 3 standard deviations below the mean where it is left out."""
    high: float | None = None
    """The largest value (included); 3 standard deviations above the mean where it is left out."""
    step: float | None = None
    """Only low, low + step, low + 2 step and so on."""
    points: int | None = None
    """The number of values of a grid; 5 where neither step nor points is given."""
    when: Condition = Field(default_factory=dict)
    """Only there when other parameters have these values: {problem_type: moons}, or a list of values."""
    default: Scalar | None = None
    """Its value in the baseline, the configuration that runs first."""


_Parameters = CategoricalParameter | IntParameter | FloatParameter
ParameterConfig = Annotated[
    Annotated[_Parameters, Discriminator("type")],
    # Without the discriminator: a range without a type may be of whole numbers or of real ones.
    BeforeValidator(_written_out, json_schema_input_type=_Parameters | NormalParameter | list[Scalar] | Scalar),
]
_ONE_PARAMETER = {"not": {"anyOf": [{"required": [key]} for key in ("choices", "low", "high", "values", "min", "max")]}}
"""Tells editors that a mapping with such a key is one parameter, so that they find its misspelt keys."""
ParameterGroup = TypeAliasType(
    "ParameterGroup", "Annotated[dict[str, ParameterConfig | ParameterGroup], Field(json_schema_extra=_ONE_PARAMETER)]"
)
"""Parameters by name, or groups of them."""
GivenGroup = TypeAliasType("GivenGroup", "dict[str, Scalar | list[Scalar] | GivenGroup]")
"""Given values by name, or groups of them; a list is an axis."""
