"""The operations of constraints on values, each as a function from a point to its value.

A value that depends on a parameter that is not there is unknown (None). A comparison with it is unknown too, `and` is
false where a part is false, `or` is true where a part is true, and otherwise unknown where a part is.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from morphogenetic_engine.trial import Params, Value

_MOST_BITS = 1024
"""Powers of whole numbers beyond are computed as floats, so that none takes long."""

Number = int | float


class NotComputableError(Exception):
    """An operation on a value of another kind, which parameters with choices of several kinds can have."""


class Kind(Enum):
    """The kind of a value, as messages name it."""

    NUMBER = "a number"
    TEXT = "text"
    TRUTH = "true or false"


@dataclass(frozen=True)
class Term:
    """A part of an expression."""

    evaluate: Callable[[Params], Value | None]
    kinds: frozenset[Kind]
    """The kinds of values that it can have."""
    names: frozenset[str]
    """The parameters that it depends on."""
    written: str
    """The part for messages."""
    column: int
    values: Sequence[Value] | None = None
    """The values that it takes, where it is a constant or a parameter with choices."""


def kind_of(value: Value) -> Kind:
    """Returns the kind of a value."""
    if isinstance(value, bool):
        return Kind.TRUTH
    return Kind.TEXT if isinstance(value, str) else Kind.NUMBER


def constant(value: Value, written: str, column: int) -> Term:
    """Returns a term with one value."""
    return Term(lambda point: value, frozenset({kind_of(value)}), frozenset(), written, column, (value,))


def parameter(name: str, taken: Sequence[Value] | Kind, column: int) -> Term:
    """Returns the term of a parameter that takes some values, or any of one kind."""
    values = None if isinstance(taken, Kind) else taken
    kinds = frozenset({taken}) if isinstance(taken, Kind) else frozenset(map(kind_of, taken))
    return Term(lambda point: point.get(name), kinds, frozenset({name}), name, column, values)


def any_of(parts: Sequence[Term]) -> Term:
    """Returns the term that is true where one of the parts is."""

    def evaluate(point: Params) -> bool | None:
        found: bool | None = False
        for part in parts:
            value = _truth(part.evaluate(point))
            if value:
                return True
            found = None if value is None else found
        return found

    return _truth_term(evaluate, parts)


def all_of(parts: Sequence[Term]) -> Term:
    """Returns the term that is true where all the parts are."""

    def evaluate(point: Params) -> bool | None:
        found: bool | None = True
        for part in parts:
            value = _truth(part.evaluate(point))
            if value is False:
                return False
            found = None if value is None else found
        return found

    return _truth_term(evaluate, parts)


def negated(part: Term) -> Term:
    """Returns the term that is true where the part is false."""

    def evaluate(point: Params) -> bool | None:
        value = _truth(part.evaluate(point))
        return None if value is None else not value

    return _truth_term(evaluate, [part])


def compared(parts: Sequence[Term], signs: Sequence[str]) -> Term:
    """Returns a chain of comparisons, such as 1 <= a < b: true where each of them is."""
    pairs = [_pair(left, sign, right) for left, sign, right in zip(parts, signs, parts[1:], strict=False)]
    return pairs[0] if len(pairs) == 1 else all_of(pairs)


def is_among(part: Term, listed: Sequence[Term]) -> Term:
    """Returns the term that is true where the part equals one of those listed."""
    return any_of([_pair(part, "==", each) for each in listed])


def calculated(sign: str, *parts: Term) -> Term:
    """Returns the result of an operator of arithmetic, or of a function."""
    operation = _OPERATIONS[sign]

    def evaluate(point: Params) -> Number | None:
        values = [part.evaluate(point) for part in parts]
        return None if None in values else operation([_number(value) for value in values])

    names = frozenset[str]().union(*(part.names for part in parts))
    return Term(evaluate, frozenset({Kind.NUMBER}), names, "a calculation", parts[0].column)


def _pair(left: Term, sign: str, right: Term) -> Term:
    def evaluate(point: Params) -> bool | None:
        one, other = left.evaluate(point), right.evaluate(point)
        if one is None or other is None:
            return None
        if sign in ("==", "!="):
            return (kind_of(one) is kind_of(other) and one == other) is (sign == "==")
        return _ORDERS[sign](_number(one), _number(other))

    return _truth_term(evaluate, [left, right])


def _truth_term(evaluate: Callable[[Params], bool | None], parts: Sequence[Term]) -> Term:
    names = frozenset[str]().union(*(part.names for part in parts))
    return Term(evaluate, frozenset({Kind.TRUTH}), names, "a comparison", parts[0].column)


def _truth(value: Value | None) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise NotComputableError


def _number(value: Value | None) -> Number:
    if value is None or isinstance(value, (bool, str)):
        raise NotComputableError
    return value


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and 0 <= base.bit_length() * exponent <= _MOST_BITS:
        return int(base**exponent)
    return math.pow(base, exponent)


def _product(values: Iterable[Number]) -> Number:
    found: Number = 1
    for value in values:
        found = found * value
    return found


_ORDERS: Mapping[str, Callable[[Number, Number], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPERATIONS: Mapping[str, Callable[[Sequence[Number]], Number]] = {
    "+": sum,
    "-": lambda values: -values[0] if len(values) == 1 else values[0] - values[1],
    "*": _product,
    "/": lambda values: values[0] / values[1],
    "//": lambda values: values[0] // values[1],
    "%": lambda values: values[0] % values[1],
    "**": lambda values: _power(values[0], values[1]),
    "min": min,
    "max": max,
    "abs": lambda values: abs(values[0]),
}
