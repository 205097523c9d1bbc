"""Conditions on trials: the selected trials, and the messages about mistakes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.reports.query.trial_filter import parse_filter
from morphogenetic_engine.reports.query.trial_values import in_order, names_of
from morphogenetic_engine.sweeps.record.events import TrialState
from tests.reports.sweeps import sweep, trial

SPACE = {"lr": {"low": 1e-4, "high": 1.0, "log": True}, "kind": ["relu", "a b", True, 7], "seed": [1, 2]}
RESULT = sweep(
    [
        trial(0, {"lr": 0.1, "kind": "relu", "seed": 1}, 0.5, loss=3.0),
        trial(1, {"lr": 0.01, "kind": "a b", "seed": 2}, 0.9, loss=1.0),
        trial(2, {"lr": 0.001, "kind": True, "seed": 1}, state=TrialState.FAILED, message="=1+1"),
        trial(3, {"kind": 7, "seed": 2}, 0.7, loss=2.0),
    ],
    SPACE,
)
NAMES = names_of(RESULT)


ODD_METRICS = [
    {"val/acc": 0.9, "val.loss": 1.0, "test acc@5": 0.1, "metric.lr": 5.0, "or": 1.0},
    {"val/acc": 0.8, "val.loss": 2.0, "test acc@5": 0.2, "metric.lr": 6.0, "lr": 9.0},
]
ODD = sweep(
    [replace(trial(n, {"lr": (n + 1) / 10}, 0.5), metrics=metrics) for n, metrics in enumerate(ODD_METRICS)],
    {"lr": [0.1, 0.2]},
)


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ("val/acc>0.85", [0]),
        ("val.loss > 1.5", [1]),
        ("metric.val.loss > 1.5", [1]),
        ("'test acc@5' < 0.15", [0]),
        ('"test acc@5" in (0.1, 0.2)', [0, 1]),
        ("`or` = 1", [0]),
        ("metric.lr = 9", [1]),
        ("metric.metric.lr = 5", [0]),
        ("parameter.lr = 0.2", [1]),
    ],
)
def test_metrics_of_any_name_are_found(condition: str, numbers: list[int]) -> None:
    assert [each.number for each in filter(parse_filter(condition, names_of(ODD)), ODD.trials)] == numbers


def chosen(condition: str) -> list[int]:
    return [each.number for each in filter(parse_filter(condition, NAMES), RESULT.trials)]


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ("lr<0.1", [1, 2]),
        ("lr <= 1e-1", [0, 1, 2]),
        ("val_acc>=.7", [1, 3]),
        ("kind = relu", [0]),
        ("kind='a b'", [1]),
        ("kind == true", [2]),
        ("kind=7", [3]),
        ("kind=1", []),
        ("reason = timeout", []),
        ("kind > m", [0]),
        ("kind in (relu, true)", [0, 2]),
        ("state=failed", [2]),
        ("not state = failed", [0, 1, 3]),
        ("lr != 0.1", [1, 2, 3]),
        ("lr<0.05 and val_acc>0.5 or trial=3", [1, 3]),
        ("lr<0.05 and (val_acc>0.5 or trial=2)", [1, 2]),
        ("parameter.seed = 2", [1, 3]),
        ("seed = 101", [1]),
        ("message != x", [0, 1, 2, 3]),
        ("kind < 5", [2]),
        ("kind < relu", [1]),
        ("kind <= relu", [0, 1]),
        ("kind > 'a b'", [0]),
        ("kind >= 'a b'", [0, 1]),
        ("loss > 1", [0, 3]),
    ],
)
def test_a_condition_chooses_trials(condition: str, numbers: list[int]) -> None:
    assert chosen(condition) == numbers


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "--where: column 1: expected a name, but got 'the end'"),
        ("lr", "--where: column 3: expected one of < <= > >= = != in, but got 'the end'"),
        ("lr < ", "--where: column 6: expected a value, but got 'the end'"),
        ("lrr < 1", "--where: column 1: unknown name 'lrr'; did you mean 'lr'?"),
        ("lr < 1 lr", "--where: column 8: expected `and`, `or` or the end, but got 'lr'"),
        ("(lr < 1", "--where: column 8: expected `)`, but got 'the end'"),
        ("kind in relu", "--where: column 9: expected `(`, but got 'relu'"),
        ("lr < 1 & kind = relu", "--where: cannot be parsed from column 8 on: '& kind = relu'"),
        ("lr < abc", "--where: column 6: lr is not text, but got 'abc'"),
        ("lr < nan", "--where: column 6: lr is not text, but got 'nan'"),
        ("val_acc in (1, high)", "--where: column 16: val_acc is not text, but got 'high'"),
        ("parameter.seed = one", "--where: column 18: parameter.seed is not text, but got 'one'"),
        ("kind = rellu", "--where: column 8: kind never has the value 'rellu'; did you mean 'relu'?"),
        (
            "kind in (relu, 'c d')",
            "--where: column 16: kind never has the value 'c d'; the values are relu, a b, true, 7",
        ),
        ("state != compleet", "--where: column 10: state never has the value 'compleet'; did you mean 'complete'?"),
        ("state = 3", "--where: column 9: state is text, but got 3"),
        ("reason = oom", "--where: column 10: reason never has the value 'oom'; the values are exception,"),
        ("__import__('os')", "--where: column 1: unknown name '__import__'"),
        ("(" * 60 + "lr<1" + ")" * 60, "--where: nested more than 50 deep"),
    ],
)
def test_a_mistake_says_where_and_what(condition: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_filter(condition, NAMES)
    assert str(caught.value).startswith(message)


@given(st.text(max_size=40))
def test_any_text_is_a_condition_or_an_error_of_ours(written: str) -> None:
    try:
        condition = parse_filter(written, NAMES)
    except ConfigError as error:
        assert "\n" not in str(error)
    else:
        assert all(isinstance(condition(each), bool) for each in RESULT.trials)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_can_be_written(number: float) -> None:
    expected = [each.number for each in RESULT.trials if "lr" in each.params and float(each.params["lr"]) < number]
    assert chosen(f"lr < {number!r}") == expected


@pytest.mark.parametrize(
    ("name", "reverse", "numbers"),
    [
        ("val_acc", False, [1, 3, 0, 2]),
        ("val_acc", True, [0, 3, 1, 2]),
        ("loss", False, [1, 3, 0, 2]),
        ("lr", False, [2, 1, 0, 3]),
        ("kind", False, [2, 3, 1, 0]),
    ],
)
def test_trials_stand_in_order_and_those_without_a_value_last(name: str, reverse: bool, numbers: list[int]) -> None:
    assert [each.number for each in in_order(RESULT, RESULT.trials, name, reverse=reverse)] == numbers
