"""The search space: its axes, the fixed parameters, the conditions under which an axis is there, and constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.space.constraints import Constraint
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.trial import Params, Value, text


@dataclass(frozen=True)
class Space:
    """The axes in the order of the configuration, and the parameters that are the same in every trial."""

    axes: Mapping[str, Parameter]
    """Every axis stands after those that its condition names."""
    fixed: Mapping[str, Value]
    conditions: Mapping[str, Mapping[str, tuple[Value, ...]]] = field(default_factory=dict)
    """For an axis that is not always there: the parameters it depends on, and the values with which it is there."""
    constraints: tuple[Constraint, ...] = ()

    def is_active(self, name: str, point: Params) -> bool:
        """Returns whether an axis is there, given the values of the axes before it."""
        conditions = self.conditions.get(name)
        if not conditions:
            return True
        known = {**self.fixed, **point}
        return all(parent in known and known[parent] in values for parent, values in conditions.items())

    @property
    def conditional(self) -> dict[str, str]:
        """The axes that some trials lack, each with its condition in words: `optimizer is sgd or rmsprop`."""
        found: dict[str, str] = {}
        for name in self.axes:
            parents = self.conditions.get(name, {}).items()
            if any(parent in found or not self._always_holds(name, parent) for parent, _ in parents):
                found[name] = " and ".join(f"{parent} is {' or '.join(map(text, each))}" for parent, each in parents)
        return found

    def _always_holds(self, name: str, parent: str) -> bool:
        """Returns whether a parent has a value of the condition in every trial that has the parent."""
        values, axis = self.conditions[name][parent], self.axes.get(parent)
        if axis is None:
            return self.fixed.get(parent) in values
        return isinstance(axis, Choices) and all(value in values for value in axis.values)

    def active(self, values: Sequence[Value]) -> dict[str, Value]:
        """Returns the searched parameters, given one value for each axis: those whose conditions hold."""
        point: dict[str, Value] = {}
        for name, value in zip(self.axes, values, strict=True):
            if self.is_active(name, point):
                point[name] = value
        return point

    def allows(self, point: Params) -> bool:
        """Returns whether a point keeps every constraint."""
        return not self.constraints or self.broken(point) is None

    def broken(self, point: Params) -> Constraint | None:
        """Returns the first constraint that a point breaks."""
        known = {**self.fixed, **point}
        return next((each for each in self.constraints if not each.allows(known)), None)

    def describe(self, params: Params) -> str:
        """Returns the searched parameters for people, floats in six digits: `lr=0.001 num_layers=8`."""
        return " ".join(f"{name}={shown(params[name])}" for name in self.axes if name in params)

    def parse(self, name: str, written: str) -> Value:
        """Returns the value of the axis `name` that `text` wrote.

        Raises:
            ConfigError: no axis of this name, or no value of it reads so.
        """
        if name not in self.axes:
            raise ConfigError(f"{name}: is not searched; the axes are {', '.join(self.axes)}")
        try:
            return self.axes[name].parse(written)
        except ConfigError as error:
            raise ConfigError(f"{name}: {error}") from error


def shown(value: Value) -> str:
    """Returns a value for people: floats in six digits (`text` gives the exact ones)."""
    return f"{value:.6g}" if isinstance(value, float) else text(value)
