"""A trial's values by name, for conditions, sort orders and table columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError, FailureReason, did_you_mean
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.space.parameter_axes import Choices
from morphogenetic_engine.trial import Value, text

OWN = ("trial", "state", "reason", "seed", "message", "attempts", "duration", "steps")
"""Names of every trial; a parameter or metric with such a name gets a prefix: `parameter.seed`, `metric.duration`."""


@dataclass(frozen=True)
class Names:
    """The names of the values of a sweep's trials."""

    parameters: frozenset[str]
    metrics: frozenset[str]
    values: Mapping[str, tuple[Value, ...]]
    """The possible values of each parameter that can be text."""

    @property
    def all(self) -> list[str]:
        return sorted({*OWN, *self.parameters, *self.metrics})

    def check(self, name: str, where: str) -> None:
        """Checks that a name exists.

        Raises:
            ConfigError: no trial has a value of this name.
        """
        kind, bare = _split(name)
        known = {"parameter": self.parameters, "metric": self.metrics}.get(kind, frozenset())
        if bare not in known and name not in self.all:
            hint = did_you_mean(name, self.all) or f"; the names are {', '.join(self.all)}"
            raise ConfigError(f"{where}: unknown name {name!r}{hint}")

    def check_value(self, name: str, value: Value, where: str, *, equal: bool) -> None:
        """Checks a value against those that a name can have; with `equal` it must be one of them.

        Raises:
            ConfigError: no trial can have such a value: a condition on it is a mistake.
        """
        if name == "message":
            return
        known = self._values_of(name)
        texts = [each for each in known if isinstance(each, str)]
        if isinstance(value, str) and not texts:
            raise ConfigError(f"{where}: {name} is not text, but got {value!r}")
        if not isinstance(value, str) and known and len(texts) == len(known):
            raise ConfigError(f"{where}: {name} is text, but got {text(value)}")
        if equal and isinstance(value, str) and value not in texts:
            hint = did_you_mean(value, texts) or f"; the values are {', '.join(map(text, known))}"
            raise ConfigError(f"{where}: {name} never has the value {value!r}{hint}")

    def _values_of(self, name: str) -> tuple[Value, ...]:
        """Returns the possible values of a name that can be text, otherwise nothing."""
        kind, bare = _split(name)
        if kind == "parameter" or (name not in OWN and name in self.parameters):
            return self.values.get(bare, ())
        own: Mapping[str, tuple[Value, ...]] = {
            "state": tuple(each.value for each in TrialState),
            "reason": tuple(each.value for each in FailureReason),
        }
        return own.get(name, ())


def names_of(result: SweepResult) -> Names:
    """Returns the names of a sweep's values."""
    space, optimization = result.config.space, result.config.optimization
    wanted = [*(each.metric for each in optimization.all_objectives), *optimization.secondary_metrics]
    reported = {name for trial in result.trials for name in trial.metrics}
    values: dict[str, tuple[Value, ...]] = {name: (value,) for name, value in space.fixed.items()}
    values |= {name: tuple(axis.values) for name, axis in space.axes.items() if isinstance(axis, Choices)}
    with_text = {name: known for name, known in values.items() if any(isinstance(each, str) for each in known)}
    return Names(frozenset({*space.axes, *space.fixed}), frozenset({*wanted, *reported}), with_text)


def value_of(trial: TrialRecord, name: str) -> Value | None:
    """Returns a trial's value of a name; None where it has none."""
    kind, bare = _split(name)
    if kind == "parameter" and bare in trial.params:
        return trial.params[bare]
    if kind == "metric" and bare in trial.metrics:
        return trial.metrics[bare]
    if name in OWN:
        return _own(trial, name)
    return trial.params[name] if name in trial.params else trial.metrics.get(name)


def _split(name: str) -> tuple[str, str]:
    """Returns the prefix of a name ("parameter", "metric" or none) and the rest; metrics may have dots themselves."""
    kind, dot, bare = name.partition(".")
    return (kind, bare) if dot and kind in ("parameter", "metric") else ("", name)


def in_order(result: SweepResult, trials: Iterable[TrialRecord], name: str, *, reverse: bool) -> list[TrialRecord]:
    """Returns trials ordered by a value: objectives the best first, else the smallest first; those without one last.

    Numbers precede texts; equal values keep their order. `reverse` reverses all but the trials without a value.
    """
    goals = {each.metric: each.direction for each in result.config.optimization.all_objectives}
    if goals.get(name.removeprefix("metric.")) is Direction.MAXIMIZE and name not in result.config.space.axes:
        reverse = not reverse
    found = [(value_of(trial, name), trial) for trial in trials]
    there = [(value, trial) for value, trial in found if value is not None]
    there.sort(key=lambda each: _key(each[0]), reverse=reverse)
    return [*(trial for _, trial in there), *(trial for value, trial in found if value is None)]


def _key(value: Value) -> tuple[bool, float, str]:
    return (True, 0.0, value) if isinstance(value, str) else (False, float(value), "")


def _own(trial: TrialRecord, name: str) -> Value | None:
    values: dict[str, Value | None] = {
        "trial": trial.number,
        "state": trial.state.value,
        "reason": trial.reason.value if trial.reason else None,
        "seed": trial.seed,
        "message": trial.message or None,
        "attempts": trial.attempt + 1,
        "duration": trial.duration if trial.state.final else None,
        "steps": len(trial.curve),
    }
    return values[name]


def parameters_of(result: SweepResult) -> Sequence[str]:
    """Returns the searched parameters, then the fixed ones."""
    return [*result.config.space.axes, *result.config.space.fixed]
