"""The language of constraints: its values, its errors, and the position that a message points at."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.space.constraints import Constraint, constraints_of
from morphogenetic_engine.sweeps.space.expressions import Known, parse_constraint
from morphogenetic_engine.sweeps.space.operations import Kind
from morphogenetic_engine.trial import Params

KNOWN: Known = {
    "h": Kind.NUMBER,
    "layers": Kind.NUMBER,
    "b-x": Kind.NUMBER,
    "b": Kind.NUMBER,
    "opt.lr": Kind.NUMBER,
    "rule": ("sgd", "adam"),
    "norm": (True, False),
    "drop": ("none", 0.1, 0.5),
    "min": Kind.NUMBER,
}
POINT: Params = {
    "h": 64,
    "layers": 3,
    "b-x": 5,
    "b": 7,
    "opt.lr": 0.1,
    "rule": "sgd",
    "norm": True,
    "drop": 0.5,
    "min": 2,
}


def constraint(written: str) -> Constraint:
    return constraints_of([written], KNOWN, {})[0]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("h * layers <= 192", True),
        ("h * layers < 192", False),
        ("h + 2 * layers = 70", True),
        ("(h + 2) * layers == 198", True),
        ("h - layers - 1 == 60", True),
        ("2 ** 3 ** 2 == 512", True),
        ("-2 ** 2 == -4", True),
        ("h // 10 == 6 and h % 10 == 4 and h / 128 == 0.5", True),
        ("1 < layers <= 3 < h", True),
        ("1 < layers < 3", False),
        ("h in (32, 64) and layers not in (1, 2)", True),
        ("rule == 'adam' or h > 9 and layers > 9", False),
        ('not rule == "adam"', True),
        ("not (norm or h > 9)", False),
        ("norm and norm == true and norm != false", True),
        ("max(h, layers, 100) == 100 and min(h, layers) == 3 and abs(layers - h) == 61", True),
        ("min < layers and min(min, h) == 2", True),
        ("b-x == 5 and b - b-x == 2 and opt.lr < 1e-0", True),
        ("drop == 'none' or drop == 0.5", True),
        ("drop < 0.2", False),
        ("h / (layers - 3) > 0", False),
        ("not h / (layers - 3) > 0", False),
        ("10 ** 10 ** 10 > h", False),
        ("(0 - 8) ** 0.5 > 0", False),
    ],
)
def test_a_constraint_is_computed_as_it_reads(written: str, kept: bool) -> None:
    assert constraint(written).allows(POINT) is kept


@pytest.mark.parametrize("written", ["drop < 0.2", "not drop < 0.2", "drop * 2 > h or drop < 1"])
def test_a_constraint_that_cannot_be_computed_is_not_kept(written: str) -> None:
    assert not constraint(written).allows({**POINT, "drop": "none"})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("layers > 9", True),
        ("not layers > 9", True),
        ("layers > 9 or h > 9", True),
        ("layers > 9 and h > 99", False),
        ("layers > 9 and h > 9", True),
        ("h + layers > 900", True),
        ("max(h, layers) > 900", True),
        ("layers in (1, 2)", True),
        ("rule == 'sgd' and layers not in (1, 2)", True),
    ],
)
def test_what_depends_on_a_parameter_that_is_not_there_is_kept_unless_it_is_false_anyway(
    written: str, kept: bool
) -> None:
    point = {name: value for name, value in POINT.items() if name != "layers"}
    assert constraint(written).allows(point) is kept


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "column 1: expected a number, a text in quotes, a parameter or `(`, but got 'the end'"),
        ("h >", "column 4: expected a number, a text in quotes, a parameter or `(`, but got 'the end'"),
        ("h > 3 5", "column 7: expected an operator or the end, but got '5'"),
        ("(h > 3", "column 7: expected `)`, but got 'the end'"),
        ("h > 3 & layers", "column 7: cannot be parsed: '& layers'"),
        ("h.x > 3", "column 1: unknown parameter h.x; text stands in quotes"),
        ("layer > 3", "column 1: unknown parameter layer; did you mean 'layers'?"),
        ("rule == sgd", "column 9: unknown parameter sgd; text stands in quotes"),
        ("rule == 'sdg'", "column 9: rule is never sdg; did you mean 'sgd'?"),
        ("drop in (0.1, 7)", "column 15: drop is never 7; its values are none, 0.1, 0.5"),
        ("rule == 3", "column 1: rule is text and 3 is a number; they are never equal"),
        ("norm == 1", "column 1: norm is true or false and 1 is a number; they are never equal"),
        ("rule < 'z'", "column 1: `<` compares numbers, but rule is text"),
        ("h * rule > 3", "column 5: `*` takes numbers, but rule is text"),
        ("h", "column 1: must be a comparison, but h is a number"),
        ("h > 3 and layers", "column 11: `and` joins comparisons, but layers is a number"),
        ("not h", "column 5: `not` takes a comparison, but h is a number"),
        ("abs(h, layers) > 3", "column 8: abs takes one number"),
        ("min(h, rule) > 3", "column 8: min takes numbers, but rule is text"),
        ("h in 3", "column 6: expected `(`, but got '3'"),
        ("h in (3", "column 8: expected `,` or `)`, but got 'the end'"),
        ("h not 3", "column 7: expected `in`, but got '3'"),
        ("__import__('os')", "column 1: unknown parameter __import__; text stands in quotes"),
        ("h > 1 if norm else norm", "column 7: expected an operator or the end, but got 'if'"),
        ("(" * 99 + "h > 1" + ")" * 99, "column 52: nested more than 50 deep"),
        ("not " * 99 + "h > 1", "column 205: nested more than 50 deep"),
        ("h > " + "-" * 99 + "1", "column 56: nested more than 50 deep"),
        ("h" * 1001, "must have at most 1000 characters, but got 1001"),
    ],
)
def test_a_mistake_is_named_with_its_column(written: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_constraint(written, KNOWN)
    assert str(caught.value) == message


@given(st.text(alphabet="hlayersbx-.()*/+<>=!'\"123 andortimx,%", max_size=40) | st.text(max_size=20))
def test_any_text_is_a_condition_or_one_line_that_says_why_not(written: str) -> None:
    try:
        found = constraint(written)
    except ValueError as error:
        assert str(error).startswith("constraints[0]: ") and "\n" not in str(error).replace(repr(written)[1:-1], "")
    else:
        assert found.allows(POINT) in (True, False)
        assert found.names <= KNOWN.keys()


NUMBERS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}
ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
INTEGERS = st.integers(1, 50)


@st.composite
def sums(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["h", "layers", "b"]) | INTEGERS.map(str))
    one, sign, other = draw(sums(depth - 1)), draw(st.sampled_from(sorted(NUMBERS))), draw(sums(depth - 1))
    return f"({one} {sign} {other})" if draw(st.booleans()) else f"{one} {sign} {other}"


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return f"{draw(sums())} {draw(st.sampled_from(sorted(ORDERS)))} {draw(sums())}"
    one, other = draw(conditions(depth - 1)), draw(conditions(depth - 1))
    return draw(st.sampled_from([f"({one}) and ({other})", f"{one} or {other}", f"not ({one}) and {other}"]))


@given(conditions(), INTEGERS, INTEGERS, INTEGERS)
def test_the_language_computes_what_python_computes_from_the_same_text(
    written: str, h: int, layers: int, b: int
) -> None:
    point = {"h": h, "layers": layers, "b": b}
    try:
        # Generated here from names, whole numbers and operators: eval is the reference, never part of the package.
        expected = bool(eval(written, {"__builtins__": {}}, dict(point)))  # pylint: disable=eval-used
    except ZeroDivisionError:
        expected = False
    assert constraint(written).allows(point) is expected
