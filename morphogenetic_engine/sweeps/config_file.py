"""Reads sweep files: converts YAML text to a checked SweepConfig, and reports each mistake in one line.

The line says where, which rule and which value: `sweep.yaml: parameters.lr: low must be > 0 when log is true, but got
low=0.0`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import orjson
import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.credentials import has_password
from morphogenetic_engine.sweeps.schema.flat_format import is_flat, migrated
from morphogenetic_engine.sweeps.schema.foreign.recognition import foreign_format
from morphogenetic_engine.sweeps.schema.parameters import CategoricalParameter, FloatParameter, IntParameter
from morphogenetic_engine.sweeps.schema.sweep_yaml import (
    LARGEST_FILE,
    SweepLoader,
    dump_yaml,
    shown,
    surprising_scalars,
)

Overrides = Mapping[str, object]
"""Values by dotted key ("optimization.n_trials") that override the file's."""

_PARAMETER_MODELS: Mapping[str, type[BaseModel]] = {
    "categorical": CategoricalParameter,
    "int": IntParameter,
    "float": FloatParameter,
}
_LIMITS = {
    "greater_than_equal": (">=", "ge"),
    "greater_than": (">", "gt"),
    "less_than": ("<", "lt"),
    "less_than_equal": ("<=", "le"),
}
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "finite": "a finite number",
    "dict": "a mapping of keys to values",
    "model": "a mapping of keys to values",
}


@dataclass(frozen=True)
class ConfigFile:
    """A sweep file that was read."""

    path: Path
    """The path as given."""
    text: str
    config: SweepConfig

    @property
    def surprises(self) -> list[str]:
        """A line for each unquoted value that YAML reads as another type than it seems."""
        return surprising_scalars(self.text)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Names the file in the errors of what is done with it.

        Raises:
            ConfigError: what is done with it raised one.
        """
        try:
            yield
        except ConfigError as error:
            raise ConfigError(f"{self.path}: {error}") from error


def read_configs(path: Path, overrides: Overrides | None = None) -> list[ConfigFile]:
    """Reads one sweep file, or every .yaml and .yml file of a folder in the order of their names.

    Raises:
        ConfigError: nothing to read, or a file that breaks a rule.
    """
    if not path.is_dir():
        return [read_config(path, overrides)]
    files = sorted(file for file in path.iterdir() if file.suffix in {".yaml", ".yml"})
    if not files:
        raise ConfigError(f"{path}: holds no .yaml file")
    return [read_config(file, overrides) for file in files]


def read_config(path: Path, overrides: Overrides | None = None) -> ConfigFile:
    """Reads one sweep file; the old flat format is accepted too.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or breaks a rule of the schema.
    """
    text = read_text(path)
    written = parse_yaml(text, where=str(path))
    return ConfigFile(path, text, parse_config(written, where=str(path), overrides=overrides))


def check_no_passwords(config: SweepConfig, where: str, before: SweepConfig | None = None) -> None:
    """Rejects addresses with passwords in a new sweep, or in the changes to the sweep `before`.

    Raises:
        ConfigError: an address holds a password; the message does not show it.
    """
    known = set(_addresses(before)) if before is not None else set()
    for key, address in _addresses(config):
        if has_password(address) and (key, address) not in known:
            raise ConfigError(
                f"{where}: {key}: holds a password, which the sweep's folder would keep: write ${{NAME}} in its place,"
                " and set that environment variable"
            )


def _addresses(config: SweepConfig) -> Iterator[tuple[str, str]]:
    if config.optimization.storage is not None:
        yield "optimization.storage", config.optimization.storage
    if config.tracking.mlflow_uri is not None:
        yield "tracking.mlflow_uri", config.tracking.mlflow_uri
    for name, address in config.tracking.sinks.items():
        yield f"tracking.sinks.{name}", address


def config_of_text(text: str, *, where: str) -> ConfigFile:
    """Returns the sweep that a YAML text describes.

    Raises:
        ConfigError: it is not YAML, or breaks a rule of the schema.
    """
    return ConfigFile(Path(where), text, parse_config(parse_yaml(text, where=where), where=where))


def config_of_json(text: str | bytes, *, where: str) -> ConfigFile:
    """Returns the sweep that a JSON text holds, as `SweepConfig.canonical_json` writes it.

    Raises:
        ConfigError: it is not a JSON object, or breaks a rule of the schema.
    """
    try:
        written = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{where}: is not valid JSON: {error}") from error
    if not isinstance(written, dict):
        raise ConfigError(f"{where}: must be an object, but got {str(written)[:60]!r}")
    return config_from(written, where=where)


def config_from(written: Mapping[str, object], *, where: str, overrides: Overrides | None = None) -> ConfigFile:
    """Converts a configuration that a program built to a SweepFile; `where` stands for the file's name."""
    text = dump_yaml(written)
    return ConfigFile(Path(where), text, parse_config(written, where=where, overrides=overrides))


def read_text(path: Path) -> str:
    """Returns the text of a file; raises ConfigError if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ConfigError(f"{path}: is larger than {LARGEST_FILE} bytes, the largest that a sweep file may be")
        return content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except ValueError as error:
        if isinstance(error, UnicodeDecodeError):
            raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start})") from error
        raise ConfigError(f"{str(path)!r}: is no path: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def parse_yaml(text: str, *, where: str) -> dict[str, object]:
    """Returns the mapping in a YAML text.

    Raises:
        ConfigError: invalid YAML, a duplicate key, a key that is not text, or no mapping.
    """
    try:
        written = yaml.load(text, Loader=SweepLoader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        context = error.context if error.problem and error.problem.startswith("but ") else None
        problem = " ".join(part for part in (context, error.problem or error.context) if part)
        raise ConfigError(f"{place}: is not valid YAML: {problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: is not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ConfigError(f"{where}: is nested too deeply") from error
    if not isinstance(written, dict):
        raise ConfigError(f"{where}: must be a mapping of keys to values, but got {shown(written)}")
    return written


def parse_config(written: Mapping[str, object], *, where: str, overrides: Overrides | None = None) -> SweepConfig:
    """Returns the configuration that a mapping describes.

    Raises:
        ConfigError: it breaks a rule of the schema; one line for the first mistake, and the number of the others.
    """
    foreign = foreign_format(written)
    if foreign is not None:
        raise ConfigError(f"{where}: is {foreign.name}; convert it with: morphogenetic sweep migrate {where}")
    try:
        complete = migrated(written) if is_flat(written) else written
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    for key, value in (overrides or {}).items():
        complete = _with(complete, key.split("."), value)
    try:
        return SweepConfig.model_validate(complete)
    except ValidationError as error:
        raise ConfigError(f"{where}: {' '.join(_worded(error, complete).split())}") from error


def _with(written: Mapping[str, object], path: list[str], value: object) -> dict[str, object]:
    head, *rest = path
    if not rest:
        return {**written, head: value}
    section = written.get(head)
    if section is not None and not isinstance(section, dict):
        return dict(written)  # not a section: the schema reports it
    return {**written, head: _with(section or {}, rest, value)}


def _worded(error: ValidationError, written: Mapping[str, object]) -> str:
    """Returns one line for the first mistake; unknown keys come first, because they often cause the others."""
    details = error.errors()
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    others = len({_place(detail, written) for detail in details}) - 1
    place = ".".join(map(str, _place(first, written)))
    line = ": ".join(part for part in (place, _rule_and_value(first)) if part)
    return f"{line} (and {others} more)" if others else line


def _place(detail: ErrorDetails, written: Mapping[str, object]) -> tuple[int | str, ...]:
    """Returns the keys of the file that lead to the mistake, without the tags that pydantic adds."""
    place = detail["loc"]
    if place[:1] == ("parameters",):
        return place[:2] + place[3:5]
    if place[:1] == ("experiment",):
        return place[:2]
    missing = place[-1:] if detail["type"] == "missing" else ()
    return (*_keys(place[: len(place) - len(missing)], written), *missing)


def _keys(place: tuple[int | str, ...], written: object) -> Iterator[int | str]:
    for key in place:
        if isinstance(written, dict) and key in written:
            written = written[key]
        elif isinstance(written, list) and isinstance(key, int):
            written = written[key]
        else:
            continue  # a kind of value, of several that are allowed
        yield key


def _rule_and_value(detail: ErrorDetails) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return f"unknown key{did_you_mean(str(detail['loc'][-1]), _known_keys(detail['loc'][:-1]))}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "union_tag_invalid":
        return f"type {_one_of(context['expected_tags'], context['tag'])}"
    if kind in {"literal_error", "enum"}:
        return _one_of(context["expected"], value)
    if kind in _LIMITS:
        sign, limit = _LIMITS[kind]
        return f"must be {sign} {context[limit]}, but got {shown(value)}"
    if kind == "string_pattern_mismatch":
        return f"must match {context['pattern']}, but got {shown(value)}"
    what = _KINDS.get(kind.split("_", maxsplit=1)[0])
    return f"must be {what}, but got {shown(value)}" if what else f"{detail['msg']}, but got {shown(value)}"


def _one_of(expected: str, value: object) -> str:
    known = re.findall(r"'([^']*)'", expected)
    return f"must be one of {', '.join(known)}, but got {value!r}{did_you_mean(str(value), known)}"


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    model = _PARAMETER_MODELS.get(str(place[2])) if place[:1] == ("parameters",) and len(place) > 2 else None
    model = model or _section_at(place)
    return list(model.model_fields) if model else []


def _section_at(place: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Returns the section that some keys of the file lead to; None: they lead to none."""
    section: type[BaseModel] = SweepConfig
    for key in place:
        field = section.model_fields.get(str(key))
        kinds = () if field is None else (field.annotation, *get_args(field.annotation))
        found = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if found is None:
            return None
        section = found
    return section
