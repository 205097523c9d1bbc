"""Conditions on trials, such as `lr < 0.01 and kind in (relu, tanh)`.

    condition  = all { "or" all }
    all        = one { "and" one }
    one        = "not" one | "(" condition ")" | name operator value | name "in" "(" value { "," value } ")"
    operator   = "<" | "<=" | ">" | ">=" | "=" | "==" | "!="

A name stands in quotes or backquotes where it holds more than letters, digits, `_`, `.`, `-`, `/` and `@`. A value is
a number, `true`, `false`, or text, in quotes where it holds more than letters, digits, `_`, `.` and `-`. A trial
without a value of the name fulfils only `!=`, and `not` of the others. The text is parsed here and never evaluated as
Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.reports.query.trial_values import Names, value_of
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.trial import Value

Condition = Callable[[TrialRecord], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
        |(?P<word>[^\W\d][\w./@-]*)
        |(?P<quoted>"[^"]*"|'[^']*'|`[^`]*`)
        |(?P<sign><=|>=|==|!=|[<>=(),]))""",
    re.VERBOSE,
)
_ORDERS: dict[str, tuple[int, ...]] = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}
"""The comparison results (-1, 0, 1) that each operator accepts."""
_EQUAL = ("=", "==")
_NESTING = 50


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int
    """The column, counted from 1."""


def parse_filter(written: str, names: Names, where: str = "--where") -> Condition:
    """Returns the condition that a text describes.

    Raises:
        ConfigError: it breaks the grammar, uses an unknown name, or a value that the name cannot have.
    """
    return _Parser(_tokens(written, where), names, where).parse()


def _tokens(written: str, where: str) -> list[_Token]:
    tokens, place = [], 0
    while written[place:].strip():
        match = _TOKEN.match(written, place)
        if match is None:
            column = place + len(written[place:]) - len(written[place:].lstrip()) + 1
            raise ConfigError(f"{where}: cannot be parsed from column {column} on: {written[column - 1 :]!r}")
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind) + 1))
        place = match.end()
    return [*tokens, _Token("end", "the end", len(written) + 1)]


class _Parser:
    def __init__(self, tokens: list[_Token], names: Names, where: str) -> None:
        self._tokens = tokens
        self._names = names
        self._where = where
        self._place = self._depth = 0

    def parse(self) -> Condition:
        condition = self._condition()
        if self._next.kind != "end":
            raise self._error("`and`, `or` or the end")
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self, *texts: str) -> bool:
        if self._next.kind in ("word", "sign") and self._next.text in texts:
            self._place += 1
            return True
        return False

    def _error(self, wanted: str) -> ConfigError:
        found = self._next
        return ConfigError(f"{self._where}: column {found.column}: expected {wanted}, but got {found.text!r}")

    def _condition(self) -> Condition:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda trial: any(part(trial) for part in parts)

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda trial: all(part(trial) for part in parts)

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _NESTING:
            raise ConfigError(f"{self._where}: nested more than {_NESTING} deep")
        if self._take("not"):
            inner = self._one()
            found: Condition = lambda trial: not inner(trial)  # pylint: disable=unnecessary-lambda-assignment
        elif self._take("("):
            found = self._condition()
            if not self._take(")"):
                raise self._error("`)`")
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Condition:
        if self._next.kind not in ("word", "quoted"):
            raise self._error("a name")
        name = self._next.text if self._next.kind == "word" else self._next.text[1:-1]
        self._names.check(name, f"{self._where}: column {self._next.column}")
        self._place += 1
        if self._take("in"):
            wanted = self._values(name)
            return lambda trial: any(_equal(value_of(trial, name), each) for each in wanted)
        sign = self._next.text
        if self._take("!="):
            value = self._value(name)
            return lambda trial: not _equal(value_of(trial, name), value)
        if self._next.kind != "sign" or not self._take(*_ORDERS, *_EQUAL):
            raise self._error("one of < <= > >= = != in")
        value = self._value(name, equal=sign in _EQUAL)
        return lambda trial: _holds(sign, value_of(trial, name), value)

    def _values(self, name: str) -> list[Value]:
        if not self._take("("):
            raise self._error("`(`")
        values = [self._value(name)]
        while self._take(","):
            values.append(self._value(name))
        if not self._take(")"):
            raise self._error("`,` or `)`")
        return values

    def _value(self, name: str, *, equal: bool = True) -> Value:
        """Parses a value that the name can have."""
        where = f"{self._where}: column {self._next.column}"
        value = self._any_value()
        self._names.check_value(name, value, where, equal=equal)
        return value

    def _any_value(self) -> Value:
        token = self._next
        self._place += 1
        match token.kind:
            case "number":
                return float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
            case "quoted":
                return token.text[1:-1]
            case "word":
                return {"true": True, "false": False}.get(token.text, token.text)
        self._place -= 1
        raise self._error("a value")


def _holds(sign: str, found: Value | None, wanted: Value) -> bool:
    if sign in _EQUAL:
        return _equal(found, wanted)
    if isinstance(found, str) and isinstance(wanted, str):
        order = (found > wanted) - (found < wanted)
    elif found is None or isinstance(found, str) or isinstance(wanted, str):
        return False
    else:
        order = (found > wanted) - (found < wanted)
    return order in _ORDERS[sign]


def _equal(found: Value | None, wanted: Value) -> bool:
    """Compares values of the same kind only: text, number or boolean, so that the choice 1 does not equal true."""
    if found is None or isinstance(found, bool) != isinstance(wanted, bool):
        return False
    return found == wanted
