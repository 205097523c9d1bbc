"""The kinds of workload: a Python function, or a program. A configuration names one; all other code uses its methods.

A new kind is a class with the same members, in the union `Workload`, `WORKLOAD_KEYS` and `_KINDS`. Messages and
records hold a workload by its keys in a sweep file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from morphogenetic_engine.trial import Declaration, Train, declaration_of
from morphogenetic_engine.workload.command_line import CommandLine, description_of
from morphogenetic_engine.workload.command_workload import CommandWorkload
from morphogenetic_engine.workload.loading import load_workload
from morphogenetic_engine.workload.nested_parameters import WithNestedParameters
from morphogenetic_engine.workload.output_metrics import NONE_WANTED, WantedMetrics


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

    def load(self, wanted: WantedMetrics = NONE_WANTED) -> Train:
        """Imports the function, which returns its metrics whichever are wanted.

        Raises:
            WorkloadError: there is no such module or function, or its import fails.
        """
        del wanted
        return WithNestedParameters(load_workload(self.spec, self.source))

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
    command: CommandLine
    patterns: Sequence[str] = ()
    """The regular expressions that find its metrics; none: the rules of `output_metrics`."""

    @classmethod
    def from_keys(cls, keys: Mapping[str, object]) -> ProgramWorkload:
        """Returns the workload with these keys of a sweep file."""
        command, patterns = keys[cls.key], keys.get("metrics_regex") or ()
        assert isinstance(command, Sequence) and isinstance(patterns, Sequence)
        return cls(tuple(map(_argument, command)), tuple(map(str, patterns)))

    @property
    def keys(self) -> dict[str, object]:
        """Its keys in a sweep file, and their values."""
        command = [each if isinstance(each, str) else list(each) for each in self.command]
        return {self.key: command, **({"metrics_regex": list(self.patterns)} if self.patterns else {})}

    @property
    def description(self) -> str:
        """The name of the workload in reports and messages."""
        return description_of(self.command)

    def load(self, wanted: WantedMetrics = NONE_WANTED) -> Train:
        """Finds the program, in whose output the wanted metrics are looked for.

        Raises:
            WorkloadError: there is no such program.
        """
        return CommandWorkload(self.command, wanted, self.patterns)

    def declaration(self) -> Declaration:  # pylint: disable=no-self-use  # a method of every kind
        """Returns an empty declaration: a program declares nothing of itself."""
        return Declaration()


def _argument(written: object) -> str | tuple[str, ...]:
    return tuple(map(str, written)) if isinstance(written, (list, tuple)) else str(written)


Workload = FunctionWorkload | ProgramWorkload
WORKLOAD_KEYS = frozenset({"workload", "workload_source", "command", "metrics_regex"})
"""The keys of all kinds in the section `experiment` of a sweep file."""
_KINDS: Sequence[type[FunctionWorkload] | type[ProgramWorkload]] = (ProgramWorkload, FunctionWorkload)


def workload_of(keys: Mapping[str, object]) -> Workload | None:
    """Returns the workload that keys of a sweep file name; a key whose value is None counts as missing.

    None: they name no workload.
    """
    for kind in _KINDS:
        if keys.get(kind.key) is not None:
            return kind.from_keys(keys)
    return None
