"""The kinds of workload: a Python function, or a program. A configuration names one; all other code uses its methods.

A new kind is a class with the same members, in the union `Workload` and in `_KINDS`. Messages and records hold a
workload by its keys in a sweep file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from morphogenetic_engine.trial import Declaration, Train, declaration_of
from morphogenetic_engine.workload.loading import CommandWorkload, load_workload


@dataclass(frozen=True)
class FunctionWorkload:
    """A Python function, named as "package.module:function"."""

    key: ClassVar[str] = "workload"
    """Its key in the section `experiment` of a sweep file."""
    spec: str
    source: str | None = None
    """The source code of its module, if the module cannot be imported."""

    @classmethod
    def from_keys(cls, keys: Mapping[str, object]) -> FunctionWorkload:
        """Returns the workload with these keys of a sweep file."""
        source = keys.get("workload_source")
        return cls(str(keys[cls.key]), None if source is None else str(source))

    @property
    def keys(self) -> dict[str, object]:
        """Its keys in a sweep file, and their values."""
        source = {} if self.source is None else {"workload_source": self.source}
        return {self.key: self.spec, **source}

    @property
    def module(self) -> str:
        """The name of the module that it is imported from."""
        return self.spec.partition(":")[0]

    @property
    def description(self) -> str:
        """The name of the workload in reports and messages."""
        return self.spec

    def load(self) -> Train:
        """Imports the function.

        Raises:
            WorkloadError: there is no such module or function, or its import fails.
        """
        return load_workload(self.spec, self.source)

    def declaration(self) -> Declaration:
        """Returns what the function declares of itself (`trial.declare`); imports it.

        Raises:
            WorkloadError: there is no such module or function, or its import fails.
        """
        return declaration_of(self.load())


@dataclass(frozen=True)
class ProgramWorkload:
    """A program that prints its metrics."""

    key: ClassVar[str] = "command"
    command: Sequence[str]

    @classmethod
    def from_keys(cls, keys: Mapping[str, object]) -> ProgramWorkload:
        """Returns the workload with these keys of a sweep file."""
        command = keys[cls.key]
        assert isinstance(command, Sequence)
        return cls(tuple(map(str, command)))

    @property
    def keys(self) -> dict[str, object]:
        """Its keys in a sweep file, and their values."""
        return {self.key: list(self.command)}

    @property
    def description(self) -> str:
        """The name of the workload in reports and messages."""
        return " ".join(self.command)

    def load(self) -> Train:
        """Finds the program.

        Raises:
            WorkloadError: there is no such program.
        """
        return CommandWorkload(self.command)

    def declaration(self) -> Declaration:
        """Returns an empty declaration: a program declares nothing of itself."""
        return Declaration()


Workload = FunctionWorkload | ProgramWorkload
_KINDS: Sequence[type[FunctionWorkload] | type[ProgramWorkload]] = (ProgramWorkload, FunctionWorkload)


def workload_of(keys: Mapping[str, object]) -> Workload | None:
    """Returns the workload that keys of a sweep file name; a key whose value is None counts as missing.

    None: they name no workload.
    """
    for kind in _KINDS:
        if keys.get(kind.key) is not None:
            return kind.from_keys(keys)
    return None
