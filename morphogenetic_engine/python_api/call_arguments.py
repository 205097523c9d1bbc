"""From the arguments of a call to a sweep file: the same keys, the same schema, the same messages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import SupportsFloat, SupportsIndex

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.python_api.ranges import Choice, Float, Int
from morphogenetic_engine.python_api.workload_of import workload_of
from morphogenetic_engine.python_api.yaml_text import yaml_text
from morphogenetic_engine.sweeps.config_file import ConfigFile, config_from, parse_config, read_config
from morphogenetic_engine.sweeps.schema.parameter_groups import flat_parameters

CALL = "sweep()"
"""Stands in messages where the name of a sweep file would be."""
_NAMED = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_SHORT = {
    "trials": "optimization.n_trials",
    "seed": "optimization.seed",
    "timeout": "optimization.timeout",
    "direction": "optimization.direction",
    "outcome_constraints": "optimization.outcome_constraints",
    "parallel": "execution.max_parallel",
}
_TOP = ("sweep_type", "constraints")
"""Keys of a sweep file outside its sections."""


@dataclass(frozen=True)
class Given:
    """The arguments of a call besides the workload and its parameters; None: not given."""

    objective: str | Mapping[str, str] | None = None
    direction: str | None = None
    trials: int | None = None
    sweep_type: str | None = None
    seed: int | None = None
    timeout: float | None = None
    parallel: int | str | None = None
    constraints: str | Sequence[str] | None = None
    outcome_constraints: Mapping[str, Mapping[str, float]] | None = None
    experiment: Mapping[str, object] | None = None
    execution: Mapping[str, object] | None = None
    optimization: Mapping[str, object] | None = None
    tracking: Mapping[str, object] | None = None
    resources: Mapping[str, object] | None = None

    def overrides(self) -> dict[str, object]:
        """Returns the values by their keys in a sweep file, `section.key`.

        Raises:
            ConfigError: a value is given twice, or a section is no mapping.
        """
        found: dict[str, object] = {name: getattr(self, name) for name in _TOP if getattr(self, name) is not None}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or field.name in ("objective", *_TOP):
                continue
            if field.name in _SHORT:
                _add(found, _SHORT[field.name], value, field.name)
                continue
            if not isinstance(value, Mapping):
                raise ConfigError(f"{CALL}: {field.name}: must be a mapping of keys to values, but got {value!r}")
            for key, each in value.items():
                _add(found, f"{field.name}.{key}", each, f"{field.name}[{key!r}]")
        for key, each in _objectives(self.objective).items():
            _add(found, f"optimization.{key}", each, "objective")
        return {key: plain(value, key) for key, value in found.items()}


def sweep_file(workload: object, parameters: Mapping[str, object] | None, given: Given) -> ConfigFile:
    """Returns the sweep that a call describes, as if it had been read from a file.

    Raises:
        ConfigError: it breaks a rule of the schema, or something is given twice.
        WorkloadError: the function cannot be written down.
    """
    if isinstance(workload, Mapping):
        _no_parameters(parameters, "the mapping")
        return config_from(_plain_mapping(workload, ""), where=CALL, overrides=given.overrides())
    if isinstance(workload, Path) or (isinstance(workload, str) and _NAMED.fullmatch(workload) is None):
        _no_parameters(parameters, f"the file {workload}")
        return read_config(Path(workload), given.overrides())
    written = _written(_experiment(workload), parameters or {}, given)
    return ConfigFile(Path(CALL), yaml_text(written), parse_config(written, where=CALL))


def _written(experiment: Mapping[str, object], parameters: Mapping[str, object], given: Given) -> dict[str, object]:
    """Returns the sections of a sweep file; a section is there where it has a key."""
    axes = flat_parameters({str(name): _parameter(str(name), each) for name, each in parameters.items()})
    overrides = given.overrides()
    kind, constraints = overrides.pop("sweep_type", None), overrides.pop("constraints", None)
    if kind is None:
        finite = all(isinstance(each, list) or (isinstance(each, dict) and "choices" in each) for each in axes.values())
        kind = "grid" if finite and given.trials is None else "bayesian"
    written: dict[str, dict[str, object]] = {"experiment": dict(experiment), "parameters": axes}
    for key, value in overrides.items():
        section, _, name = key.partition(".")
        written.setdefault(section, {})[name] = value
    sections = {name: section for name, section in written.items() if section}
    return {"sweep_type": kind, **sections, **({"constraints": constraints} if constraints else {})}


def _experiment(workload: object) -> dict[str, object]:
    if isinstance(workload, str):
        return {"workload": workload}
    if isinstance(workload, Sequence):
        return {"command": [[*map(str, each)] if isinstance(each, (list, tuple)) else str(each) for each in workload]}
    return workload_of(workload)


def _parameter(name: str, given: object) -> object:
    if isinstance(given, Mapping):  # a parameter as a sweep file writes it, or a group of parameters
        inner = {key: _parameter(f"{name}.{key}", each) for key, each in given.items()}
        return plain(inner, f"parameters.{name}")
    written = given.written() if isinstance(given, Float | Int | Choice) else given
    return plain(written, f"parameters.{name}")


def _objectives(objective: str | Mapping[str, str] | None) -> dict[str, object]:
    if objective is None:
        return {}
    if isinstance(objective, str):
        return {"target_metric": objective}
    if len(objective) == 1:
        metric, direction = next(iter(objective.items()))
        return {"target_metric": metric, "direction": direction}
    return {"objectives": [{"metric": metric, "direction": direction} for metric, direction in objective.items()]}


def _add(found: dict[str, object], key: str, value: object, name: str) -> None:
    if key in found:
        raise ConfigError(f"{CALL}: {key} is given twice, the second time as {name}; keep one")
    found[key] = value


def _no_parameters(parameters: Mapping[str, object] | None, what: str) -> None:
    if parameters is not None:
        raise ConfigError(f"{CALL}: parameters: {what} has its own; leave them out")


def plain(value: object, place: str) -> object:
    """Returns a value as YAML knows it: tuples, ranges and arrays as lists, NumPy's numbers as Python's.

    Raises:
        ConfigError: it is of a kind that a sweep file cannot hold.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Mapping):
        return _plain_mapping(value, place)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list | tuple | range | set | frozenset):
        if isinstance(value, set | frozenset):
            raise ConfigError(f"{CALL}: {place}: a set has no order; give a list")
        return [plain(each, place) for each in value]
    listed = getattr(value, "tolist", None)  # NumPy's arrays and numbers
    if callable(listed):
        return plain(listed(), place)
    if isinstance(value, SupportsIndex):
        return value.__index__()
    if isinstance(value, SupportsFloat):
        return float(value)
    if isinstance(value, Path):
        return str(value)
    raise ConfigError(f"{CALL}: {place}: must be a number, text, true or false, but got {value!r}")


def _plain_mapping(value: Mapping[object, object], place: str) -> dict[str, object]:
    for key in value:
        if not isinstance(key, str):
            raise ConfigError(f"{CALL}: {place or 'keys'}: keys must be text, but got {key!r}")
    return {str(key): plain(each, f"{place}.{key}".lstrip(".")) for key, each in value.items()}
