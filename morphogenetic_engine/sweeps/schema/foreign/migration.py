"""The result of a conversion: the sections of a sweep file, and the settings that have no counterpart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from morphogenetic_engine.errors import ConfigError

Written = Mapping[str, object]
"""A mapping as a file writes it."""


@dataclass(frozen=True)
class Note:
    """A setting of the foreign file that is not converted, or not exactly."""

    key: str
    text: str


@dataclass
class Migration:
    """A conversion under way: the sections of a sweep file, filled in one by one."""

    sweep_type: str = "grid"
    experiment: dict[str, object] = field(default_factory=dict)
    parameters: dict[str, object] = field(default_factory=dict)
    execution: dict[str, object] = field(default_factory=dict)
    optimization: dict[str, object] = field(default_factory=dict)
    resources: dict[str, object] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def note(self, key: str, text: str) -> None:
        """Records that a setting is not converted, or not exactly."""
        self.notes.append(Note(key, text))

    def note_unknown(self, written: Written, known: frozenset[str], where: str = "") -> None:
        """Records every key outside `known`."""
        for key in written:
            if key not in known:
                self.note(f"{where}{key}", "has no counterpart and is left out")

    def require_trials(self, key: str) -> None:
        """Sets a number of trials where the foreign file runs until it is stopped."""
        counts_itself = self.sweep_type == "grid"
        if "n_trials" not in self.optimization and not counts_itself:
            trials = max(20, 10 * len(self.parameters))
            self.optimization["n_trials"] = trials
            self.note(key, f"is missing, so the sweep would not end; n_trials is set to {trials}")

    def written(self) -> dict[str, object]:
        """Returns the sweep file as a mapping, without empty sections."""
        sections = {
            "experiment": self.experiment,
            "parameters": self.parameters,
            "execution": self.execution,
            "optimization": self.optimization,
            "resources": self.resources,
        }
        return {"sweep_type": self.sweep_type, **{name: section for name, section in sections.items() if section}}


def mapping(written: object, where: str) -> dict[str, object]:
    """Checks that a value is a mapping, and returns it with its keys as text; a missing value is empty.

    Raises:
        ConfigError: the value is not a mapping.
    """
    if written is None:
        return {}
    if not isinstance(written, Mapping):
        raise ConfigError(f"{where}: must be a mapping, but got {written!r}")
    return {str(key): value for key, value in written.items()}


def items(written: object, where: str) -> list[object]:
    """Checks that a value is a list; a missing value is an empty one.

    Raises:
        ConfigError: the value is not a list.
    """
    if written is None:
        return []
    if not isinstance(written, list | tuple):
        raise ConfigError(f"{where}: must be a list, but got {written!r}")
    return list(written)


def number(written: object, where: str) -> int | float:
    """Returns a number that may be written as text, such as "0.01" or 1e-5 (which YAML 1.1 reads as text).

    Raises:
        ConfigError: the value is not a number.
    """
    if isinstance(written, int | float) and not isinstance(written, bool):
        return written
    for kind in (int, float):
        try:
            return kind(str(written))
        except ValueError:
            continue
    raise ConfigError(f"{where}: must be a number, but got {written!r}")
