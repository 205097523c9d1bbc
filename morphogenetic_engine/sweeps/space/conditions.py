"""Conditions between parameters: the order of the axes, and checks of the conditions' values."""

from __future__ import annotations

from collections.abc import Mapping

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.trial import Value, text

Conditions = Mapping[str, Mapping[str, tuple[Value, ...]]]
"""For each dependent parameter: its parents, and the parent values for which it is active."""


def in_order(axes: Mapping[str, Parameter], fixed: Mapping[str, Value], conditions: Conditions) -> dict[str, Parameter]:
    """Returns the axes with parents before their dependants, otherwise in the order of the file.

    Raises:
        ValueError: a condition names an unknown parameter, a range, or a value never taken, or goes in a circle.
    """
    for name, parents in conditions.items():
        for parent, values in parents.items():
            _check(f"parameters.{name}.when.{parent}", parent, values, axes, fixed)
    ordered: dict[str, Parameter] = {}
    while len(ordered) < len(axes):
        ready = [name for name in axes if name not in ordered and _placed(conditions.get(name, {}), ordered, fixed)]
        if not ready:
            circle = ", ".join(name for name in axes if name not in ordered)
            raise ValueError(f"parameters: the conditions of {circle} go in a circle")
        ordered[ready[0]] = axes[ready[0]]
    return ordered


def _placed(parents: Mapping[str, object], ordered: Mapping[str, object], fixed: Mapping[str, object]) -> bool:
    return all(parent in ordered or parent in fixed for parent in parents)


def _check(
    where: str, parent: str, values: tuple[Value, ...], axes: Mapping[str, Parameter], fixed: Mapping[str, Value]
) -> None:
    if parent not in axes and parent not in fixed:
        raise ValueError(f"{where}: unknown parameter{did_you_mean(parent, [*axes, *fixed])}")
    if not values:
        raise ValueError(f"{where}: must have one value at least")
    axis = axes.get(parent)
    if axis is None:
        return  # fixed: the condition holds in every trial, or in none
    if not isinstance(axis, Choices):
        raise ValueError(f"{where}: a condition can only be on choices, but {parent} is a range")
    for value in values:
        try:
            meant = axis.parse(text(value))
        except ConfigError as error:
            raise ValueError(f"{where}: {error}") from error
        if isinstance(meant, str) and not isinstance(value, str):
            raise ValueError(f"{where}: must be the text {meant!r}, but got {text(value)}; put it in quotes")
        if isinstance(value, str) and not isinstance(meant, str):
            raise ValueError(f"{where}: must be {value}, but got the text {value!r}; leave the quotes out")
