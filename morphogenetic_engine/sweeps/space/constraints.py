"""Constraints between parameters: conditions that the points of a space must keep.

A constraint is kept unless it is false, so one whose result depends on a parameter that is not there is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.space.expressions import Known, parse_constraint
from morphogenetic_engine.sweeps.space.operations import Kind, NotComputableError, Term, kind_of
from morphogenetic_engine.trial import Params, Value


@dataclass(frozen=True)
class Constraint:
    """A condition on the values of a point."""

    text: str
    names: frozenset[str] = field(compare=False)
    """The parameters that it names."""
    term: Term = field(compare=False, repr=False)

    def allows(self, params: Params) -> bool:
        """Returns whether a point keeps the constraint; what cannot be computed, such as 1 / 0, does not."""
        try:
            return self.term.evaluate(params) is not False
        except (ArithmeticError, ValueError, NotComputableError):
            return False


def constraints_of(
    written: Sequence[str], kinds: Mapping[str, Sequence[Value] | Kind], fixed: Mapping[str, Value]
) -> tuple[Constraint, ...]:
    """Parses the constraints of a sweep file; `kinds` holds the values or the kind of each searched parameter.

    Raises:
        ValueError: one breaks the grammar, or names what the file does not have; the message begins with its place.
    """
    known: Known = {**{name: kind_of(value) for name, value in fixed.items()}, **kinds}
    found = []
    for place, each in enumerate(written):
        try:
            term = parse_constraint(each, known)
        except ConfigError as error:
            raise ValueError(f"constraints[{place}]: {error}") from error
        found.append(Constraint(each, term.names, term))
    return tuple(found)
