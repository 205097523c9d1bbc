"""The expression language of constraints, such as `hidden_dim * layers <= 4096 and (rule != 'sgd' or lr < 0.1)`.

    condition   = all { "or" all }
    all         = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum { operator sum } | sum [ "not" ] "in" "(" sum { "," sum } ")"
    operator    = "<" | "<=" | ">" | ">=" | "=" | "==" | "!="
    sum         = product { ( "+" | "-" ) product }
    product     = factor { ( "*" | "/" | "//" | "%" ) factor }
    factor      = "-" factor | atom [ "**" factor ]
    atom        = number | text in quotes | "true" | "false" | name | "(" condition ")"
                | ( "min" | "max" ) "(" sum { "," sum } ")" | "abs" "(" sum ")"

Kinds are checked when the text is parsed; nothing is evaluated as Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.sweeps.space import operations
from morphogenetic_engine.sweeps.space.operations import Kind, Term
from morphogenetic_engine.trial import Value, text

_LONGEST = 1000
_NESTING = 50
_EQUALITIES = {"=": "==", "==": "==", "!=": "!="}
_COMPARISONS = ("<", "<=", ">", ">=", *_EQUALITIES)
_FUNCTIONS = ("min", "max", "abs")
_WORDS = frozenset({"and", "or", "not", "in", "true", "false"})
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])"
_SIGN = r"\*\*|//|<=|>=|==|!=|[-+*/%<>=(),]"

Known = Mapping[str, Sequence[Value] | Kind]
"""For each parameter: the values that it takes, or the kind of value where it is a range."""


def parse_constraint(written: str, known: Known) -> Term:
    """Returns the condition that a text describes.

    Raises:
        ConfigError: it breaks the grammar, names an unknown parameter, or compares what can never be alike.
    """
    if len(written) > _LONGEST:
        raise ConfigError(f"must have at most {_LONGEST} characters, but got {len(written)}")
    return _Parser(_tokens(written, known), known).parse()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int
    """The column, counted from 1."""


def _tokens(written: str, known: Known) -> list[_Token]:
    """Splits a text; a name may hold characters that are operators elsewhere, and the longest name wins."""
    names = "|".join(re.escape(name) for name in sorted(known.keys() - _WORDS, key=len, reverse=True))
    named = rf"(?P<name>(?:{names})(?![\w.]))|" if names else ""
    pattern = re.compile(
        rf"\s*(?:(?P<number>{_NUMBER})|{named}(?P<word>[^\W\d][\w.]*)"
        rf"|(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<sign>{_SIGN}))"
    )
    tokens, place = [], 0
    while written[place:].strip():
        match = pattern.match(written, place)
        if match is None:
            column = len(written) - len(written[place:].lstrip()) + 1
            raise ConfigError(f"column {column}: cannot be parsed: {written[column - 1 :]!r}")
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind) + 1))
        place = match.end()
    return [*tokens, _Token("end", "the end", len(written) + 1)]


class _Parser:
    def __init__(self, tokens: Sequence[_Token], known: Known) -> None:
        self._tokens = tokens
        self._known = known
        self._place = self._depth = 0

    def parse(self) -> Term:
        condition = _of_kind(self._condition(), Kind.TRUTH, "must be a comparison")
        if self._next.kind != "end":
            raise self._error("an operator or the end")
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self, *texts: str) -> str:
        """Passes the next token where it is one of these, and returns it; otherwise returns nothing."""
        token = self._next
        if token.kind not in ("word", "sign") or token.text not in texts:
            return ""
        self._place += 1
        return token.text

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._error(f"`{wanted}`")

    def _error(self, wanted: str) -> ConfigError:
        return ConfigError(f"column {self._next.column}: expected {wanted}, but got {self._next.text!r}")

    def _deeper(self, part: Callable[[], Term]) -> Term:
        self._depth += 1
        if self._depth > _NESTING:
            raise ConfigError(f"column {self._next.column}: nested more than {_NESTING} deep")
        found = part()
        self._depth -= 1
        return found

    def _condition(self) -> Term:
        return self._joined("or", lambda: self._joined("and", self._negation, operations.all_of), operations.any_of)

    def _joined(self, word: str, part: Callable[[], Term], join: Callable[[Sequence[Term]], Term]) -> Term:
        parts = [part()]
        while self._take(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return join([_of_kind(each, Kind.TRUTH, f"`{word}` joins comparisons") for each in parts])

    def _negation(self) -> Term:
        if not self._take("not"):
            return self._comparison()
        return operations.negated(_of_kind(self._deeper(self._negation), Kind.TRUTH, "`not` takes a comparison"))

    def _comparison(self) -> Term:
        parts, signs = [self._sum()], list[str]()
        if self._take("in"):
            return self._among(parts[0])
        if self._take("not"):
            self._expect("in")
            return operations.negated(self._among(parts[0]))
        while sign := self._take(*_COMPARISONS):
            parts.append(self._sum())
            signs.append(_EQUALITIES.get(sign, sign))
            _check_pair(parts[-2], signs[-1], parts[-1])
        return operations.compared(parts, signs) if signs else parts[0]

    def _among(self, part: Term) -> Term:
        self._expect("(")
        listed = self._listed()
        for each in listed:
            _check_pair(part, "==", each)
        return operations.is_among(part, listed)

    def _listed(self) -> list[Term]:
        """Parses the rest of a list, up to its closing parenthesis."""
        listed = [self._sum()]
        while self._take(","):
            listed.append(self._sum())
        if not self._take(")"):
            raise self._error("`,` or `)`")
        return listed

    def _sum(self) -> Term:
        return self._calculated(("+", "-"), lambda: self._calculated(("*", "/", "//", "%"), self._factor))

    def _calculated(self, signs: tuple[str, ...], part: Callable[[], Term]) -> Term:
        found = part()
        while sign := self._take(*signs):
            found = _calculation(sign, found, part())
        return found

    def _factor(self) -> Term:
        if self._take("-"):
            return _calculation("-", self._deeper(self._factor))
        found = self._atom()
        return _calculation("**", found, self._deeper(self._factor)) if self._take("**") else found

    def _atom(self) -> Term:
        token = self._next
        if self._take("("):
            found = self._deeper(self._condition)
            self._expect(")")
            return found
        if token.text in _FUNCTIONS and self._tokens[min(self._place + 1, len(self._tokens) - 1)].text == "(":
            self._place += 2
            parts = self._deeper_list()
            if token.text == "abs" and len(parts) > 1:
                raise ConfigError(f"column {parts[1].column}: abs takes one number")
            return _calculation(token.text, *parts)
        if token.kind in ("end", "sign") or (token.kind == "word" and token.text in _WORDS - {"true", "false"}):
            raise self._error("a number, a text in quotes, a parameter or `(`")
        self._place += 1
        return self._value(token)

    def _deeper_list(self) -> list[Term]:
        self._depth += 1
        found = self._listed()
        self._depth -= 1
        return found

    def _value(self, token: _Token) -> Term:
        match token.kind:
            case "number":
                number = float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
                return operations.constant(number, token.text, token.column)
            case "quoted":
                return operations.constant(token.text[1:-1], token.text, token.column)
            case "word" if token.text in ("true", "false"):
                return operations.constant(token.text == "true", token.text, token.column)
            case "word":
                near = did_you_mean(token.text, self._known) or "; text stands in quotes"
                raise ConfigError(f"column {token.column}: unknown parameter {token.text}{near}")
        return operations.parameter(token.text, self._known[token.text], token.column)


def _calculation(sign: str, *parts: Term) -> Term:
    rule = f"{sign} takes numbers" if sign in _FUNCTIONS else f"`{sign}` takes numbers"
    return operations.calculated(sign, *(_of_kind(part, Kind.NUMBER, rule) for part in parts))


def _of_kind(term: Term, kind: Kind, rule: str) -> Term:
    if kind not in term.kinds:
        raise ConfigError(f"column {term.column}: {rule}, but {term.written} is {_told(term)}")
    return term


def _told(term: Term) -> str:
    return " or ".join(sorted(kind.value for kind in term.kinds))


def _check_pair(left: Term, sign: str, right: Term) -> None:
    """Checks that two terms can be compared.

    Raises:
        ConfigError: an order of what is no number, kinds that are never equal, or a value that is never taken.
    """
    if sign not in ("==", "!="):
        for term in (left, right):
            _of_kind(term, Kind.NUMBER, f"`{sign}` compares numbers")
        return
    if not left.kinds & right.kinds:
        told = f"{left.written} is {_told(left)} and {right.written} is {_told(right)}"
        raise ConfigError(f"column {left.column}: {told}; they are never equal")
    for constant, other in ((left, right), (right, left)):
        if not constant.names and constant.values and other.names and other.values is not None:
            _check_taken(constant.values[0], constant.column, other.written, other.values)


def _check_taken(value: Value, column: int, name: str, values: Sequence[Value]) -> None:
    if not any(value == each and operations.kind_of(value) is operations.kind_of(each) for each in values):
        near = did_you_mean(text(value), [text(each) for each in values])
        listed = near or f"; its values are {', '.join(map(text, values))}"
        raise ConfigError(f"column {column}: {name} is never {text(value)}{listed}")
