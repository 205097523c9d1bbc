"""Writes portable YAML: quotes what YAML 1.1 and 1.2 parse differently.

PyYAML leaves the string 1e-05 unquoted, which kubectl reads as a number, while Katib's fields are strings. So a string
is unquoted only if every parser reads it as a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import yaml

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*([./][A-Za-z0-9_-]+)*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and quotes ambiguous strings."""

    def ignore_aliases(self, _data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def manifest_yaml(manifests: Iterable[Mapping[str, object]]) -> str:
    """Returns manifests as YAML documents that kubectl, Katib and PyYAML parse to the same values."""
    return "---\n".join(
        yaml.dump(dict(manifest), Dumper=_Dumper, sort_keys=False, width=10**9, allow_unicode=True)
        for manifest in manifests
    )
