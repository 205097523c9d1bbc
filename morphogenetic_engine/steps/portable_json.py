"""Writes JSON that Argo, the kubelet and MySQL pass on unchanged.

Argo evaluates `{{...}}` in a workflow's parameters, the kubelet expands `$(NAME)`, and MySQL's utf8 has no characters
beyond the basic plane. JSON can write each of these characters as an escape, which all of them leave unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_EVALUATED = re.compile(r"\{(?=\{)|\$(?=\()")
_BEYOND_UTF8 = re.compile("[\U00010000-\U0010ffff]")
"""The characters that MySQL's utf8 cannot store: those beyond the basic plane."""
_UNSAFE = re.compile(r"[{}$\u007f-\U0010ffff]")


def portable_json(value: Mapping[str, object]) -> str:
    """Returns a value as one line of JSON in plain ASCII, without braces or dollar signs in its strings."""
    return _STRING.sub(lambda found: _UNSAFE.sub(_escape, found[0]), orjson.dumps(value).decode())


def portable_text(text: str) -> str:
    """Returns a text for display that is passed on unchanged: it loses its emoji, and `{{` and `$(` get a space."""
    return _EVALUATED.sub(r"\g<0> ", _BEYOND_UTF8.sub("?", text))


def short_config(config: SweepConfig) -> str:
    """Returns a sweep's configuration as a parameter of a pipeline: portable JSON without default values."""
    short = config.model_dump(mode="json", exclude_defaults=True)
    for name, parameter in config.model_dump(mode="json", include={"parameters"})["parameters"].items():
        short["parameters"][name]["type"] = parameter["type"]  # identifies the kind of parameter
    complete = parse_config(short, where="config")
    return portable_json(short if complete == config else config.model_dump(mode="json"))


def _escape(found: re.Match[str]) -> str:
    """Returns the JSON escapes of one character, two of them beyond the basic plane."""
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
