"""Configurations as the text of a sweep file, for people: source in blocks, no key that has its default."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.schema.sweep_yaml import SweepDumper

_WIDTH = 120
_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
"""Characters that PyYAML writes as they are and reads as something else."""


class YamlText(str):
    """The text of a sweep file; it shows itself as it would be printed."""

    def __repr__(self) -> str:
        return str(self)


class _BlockDumper(SweepDumper):
    """Writes texts of several lines as blocks."""


def _text_node(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = '"' if _BREAKS.search(value) else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_BlockDumper.add_representer(str, _text_node)


def yaml_text(written: Mapping[str, object]) -> YamlText:
    """Returns a mapping of plain values as YAML."""
    return YamlText(yaml.dump(written, Dumper=_BlockDumper, sort_keys=False, allow_unicode=True, width=_WIDTH))


def config_text(config: SweepConfig) -> YamlText:
    """Returns the sweep file of a configuration: it gives an equal configuration when it is read."""
    written = config.model_dump(mode="json", exclude_defaults=True, exclude={"parameters"})
    whole = config.model_dump(mode="json", include={"parameters"})["parameters"]
    parameters = {name: _parameter(given) for name, given in whole.items()}
    ordered: dict[str, object] = {"sweep_type": str(config.sweep_type)}
    if "experiment" in written:
        ordered["experiment"] = written["experiment"]
    if parameters:
        ordered["parameters"] = parameters
    return yaml_text({**ordered, **written})


def _parameter(given: Mapping[str, object]) -> object:
    """Returns a parameter without the keys that have their defaults; plain choices as a list."""
    kept = {name: value for name, value in given.items() if value not in (None, {}) and (name, value) != ("log", False)}
    return kept["choices"] if kept.keys() == {"type", "choices"} else kept
