"""Registries of named parts: samplers, strategies, pruners, back ends, sinks, sections, stores, workload kinds.

A registry knows the parts of this package by "module:object", as an entry point names them, and finds those of
installed packages in the entry-point group of its kind. A part is imported when it is loaded, never to list its name.
`module:object [extra]` names the extra of this package that the part needs.

    SAMPLERS = Registry("sampler", "morphogenetic_engine.samplers", {"TPE": "package.tpe:TPE [bayesian]"})
    SAMPLERS.names                      # ("TPE", and the names of installed packages)
    SAMPLERS.load("TPE", SamplerKind)   # the object, checked to be a SamplerKind
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from morphogenetic_engine.errors import ConfigError, did_you_mean, error_line

_PartT = TypeVar("_PartT")


class Registry:
    """The named parts of one kind."""

    def __init__(self, kind: str, group: str, built_in: Mapping[str, str]) -> None:
        """`kind` is the word for one part in messages, `group` the entry-point group of installed packages."""
        self.kind = kind
        self.group = group
        self._built_in = {name: EntryPoint(name, value, group) for name, value in built_in.items()}

    @property
    def built_in(self) -> tuple[str, ...]:
        """The names of this package's own parts, in the order of the registry."""
        return tuple(self._built_in)

    @property
    def names(self) -> tuple[str, ...]:
        """All names: the built-in ones first, then those of installed packages in alphabetical order.

        Raises:
            ConfigError: an installed package takes a name that exists already.
        """
        return (*self._built_in, *self._installed)

    def __contains__(self, name: object) -> bool:
        return name in self._built_in or name in self._installed

    def find(self, name: str) -> object:
        """Imports and returns a part.

        Raises:
            ConfigError: there is no part of this name, or it cannot be imported.
        """
        point = self._built_in.get(name) or self._installed.get(name)
        if point is None:
            raise ConfigError(self.unknown(name))
        try:
            part: object = point.load()
        except ModuleNotFoundError as error:
            raise ConfigError(f"{self.kind} {name!r}: {_remedy(point, error)}") from error
        except Exception as error:  # pylint: disable=broad-exception-caught  # a third party's code runs here
            what = f"{self.kind} {name!r} ({point.value})"
            raise ConfigError(f"{what}: cannot be loaded: {error_line(error)}") from error
        return part

    def load(self, name: str, expected: type[_PartT]) -> _PartT:
        """Imports and returns a part that must be of a type.

        Raises:
            ConfigError: there is no part of this name, it cannot be imported, or it is of another type.
        """
        part = self.find(name)
        if not isinstance(part, expected):
            point = self._built_in.get(name) or self._installed[name]
            raise ConfigError(
                f"{self.kind} {name!r} ({point.value}): must be of type {expected.__name__}, but is of type"
                f" {type(part).__name__}"
            )
        return part

    def package_of(self, name: str) -> str | None:
        """Returns the installed package that provides a part; None: it is a built-in one, or there is no such part."""
        point = None if name in self._built_in else self._installed.get(name)
        return None if point is None else _package(point)

    def unknown(self, name: str) -> str:
        """Returns the message for a name that the registry does not have."""
        hint = did_you_mean(name, self.names) or f"; must be one of {', '.join(self.names)}"
        return f"unknown {self.kind} {name!r}{hint}"

    @cached_property
    def _installed(self) -> dict[str, EntryPoint]:
        """The parts of installed packages. They are looked for only when a name is not built in, or all are listed."""
        return _without_duplicates(self.kind, self._built_in, entry_points(group=self.group))


def _without_duplicates(
    kind: str, built_in: Mapping[str, EntryPoint], found: Iterable[EntryPoint]
) -> dict[str, EntryPoint]:
    installed: dict[str, EntryPoint] = {}
    for point in sorted(found, key=lambda each: (each.name, each.value)):
        other = built_in.get(point.name) or installed.get(point.name)
        if other is not None and other.value != point.value:
            raise ConfigError(
                f"{kind} {point.name!r}: {_source(point)} and {_source(other)} both have this name; uninstall one"
            )
        if point.name not in built_in:
            installed[point.name] = point
    return installed


def _source(point: EntryPoint) -> str:
    return f"{_package(point)} ({point.value})"


def _package(point: EntryPoint) -> str:
    return "morphogenetic-engine" if point.dist is None else point.dist.name


def _remedy(point: EntryPoint, error: ModuleNotFoundError) -> str:
    if point.extras:
        return f"needs {error.name}: pip install 'morphogenetic-engine[{','.join(point.extras)}]'"
    return f"cannot be loaded from {point.value}: {error}"
