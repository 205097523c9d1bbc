"""The old flat sweep format, and its conversion to sections.

Flat: argument names of the old script, with or without leading dashes, mapped to a value, a list, or a text such as
"0.001,0.003" that lists values.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.sweeps.schema.sweep_yaml import SweepDumper, plain_value

SECTIONS = ("sweep_type", "experiment", "parameters", "execution", "optimization", "tracking")
_TEXT_WITH_COMMAS = frozenset({"sphere_radii"})


def is_flat(written: Mapping[str, object]) -> bool:
    """Returns whether a mapping is in the old format: no section, nothing that looks like one, no nested mapping."""
    return bool(written) and not any(
        key in SECTIONS or did_you_mean(key, SECTIONS) or isinstance(value, dict) for key, value in written.items()
    )


def migrated(flat: Mapping[str, object]) -> dict[str, object]:
    """Returns the same sweep with sections: several values are searched, a single value is fixed.

    Raises:
        ConfigError: two keys name the same argument.
    """
    fixed: dict[str, object] = {}
    searched: dict[str, object] = {}
    for key, written in flat.items():
        name = key.lstrip("-").replace("-", "_")
        if name in fixed or name in searched:
            raise ConfigError(f"{key}: is a duplicate key, with and without dashes")
        value = _listed(written) if isinstance(written, str) and name not in _TEXT_WITH_COMMAS else written
        if isinstance(value, list):
            searched[name] = value
        else:
            fixed[name] = value
    return {"sweep_type": "grid", "experiment": fixed, "parameters": searched}


def sections_text(sections: Mapping[str, object]) -> str:
    """Returns the YAML text of a sweep file with these sections."""
    return yaml.dump(dict(sections), Dumper=SweepDumper, sort_keys=False, default_flow_style=None, width=100)


def _listed(text: str) -> object:
    """Returns the list that "0.001,0.003" stands for, or the text itself where it has no comma."""
    if "," not in text:
        return text
    return [plain_value(part.strip()) for part in text.split(",") if part.strip()]
