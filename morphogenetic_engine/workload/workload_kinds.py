"""The kinds of workload: a Python function, or a program. A configuration names one; all other code uses its methods.

A new kind is a class with the same members, and a line in `workload_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from morphogenetic_engine.trial import Train
from morphogenetic_engine.workload.loading import CommandWorkload, load_workload


@dataclass(frozen=True)
class FunctionWorkload:
    """A Python function, named as "package.module:function"."""

    key: ClassVar[str] = "workload"
    """Its key in the section `experiment` of a sweep file."""
    spec: str
    source: str | None = None
    """The source code of its module, if the module cannot be imported."""

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


@dataclass(frozen=True)
class ProgramWorkload:
    """A program that prints its metrics."""

    key: ClassVar[str] = "command"
    command: Sequence[str]

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


Workload = FunctionWorkload | ProgramWorkload


def workload_of(workload: str | None, command: Sequence[str] | None, source: str | None = None) -> Workload:
    """Returns the workload that the keys of a sweep file name; one of the first two is given."""
    if command is not None:
        return ProgramWorkload(tuple(command))
    assert workload is not None, "the schema fills in the default"
    return FunctionWorkload(workload, source)
