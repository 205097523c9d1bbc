"""The options that a sweep file passes to Optuna's samplers and pruners."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TypeVar

import optuna

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.trial import Value

Options = Mapping[str, Value]
_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_T = TypeVar("_T")


def checked_options(where: str, name: str, known: Mapping[str, type], options: Options) -> dict[str, Value]:
    """Returns the options if they are known and of the right types.

    Raises:
        ConfigError: one is not.
    """
    for option, value in options.items():
        if option not in known:
            near = did_you_mean(option, known) or (f"; {name} has {', '.join(known) or 'none'}")
            raise ConfigError(f"{where}.{option}: unknown option of {name}{near}")
        if not _fits(value, known[option]):
            raise ConfigError(f"{where}.{option}: must be {_KINDS[known[option]]}, but got {value!r}")
    return dict(options)


def build(where: str, make: Callable[..., _T], options: Mapping[str, object]) -> _T:
    """Builds a sampler or pruner without Optuna's warnings about experimental classes.

    Raises:
        ConfigError: Optuna does not take a value.
    """
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        try:
            return make(**options)
        except ValueError as error:
            raise ConfigError(f"{where}: {' '.join(str(error).split())}") from error


def _fits(value: Value, kind: type) -> bool:
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    return isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
