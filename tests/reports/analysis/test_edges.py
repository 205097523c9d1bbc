"""Warnings about a best value at the end of its range."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from morphogenetic_engine.reports.analysis.edges import edge_warnings
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Params, Value
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}


def line(*values: float, log: bool = False, top: float = 1.0) -> SweepResult:
    """Trials along x, whose objective is the smaller the further down the list."""
    space = {"x": {"low": 0.01, "high": top, "log": log}}
    return sweep([trial(n, {"x": x}, -float(n)) for n, x in enumerate(values)], space)


def test_a_best_value_at_the_end_of_its_range_is_warned_of() -> None:
    (found,) = edge_warnings(line(0.98, 0.99, 0.97, 0.5, 0.2, 0.1, 0.3, 0.4))
    assert (found.side, found.bound, found.top_at_edge, found.strong) == ("upper", 1.0, 3, True)
    assert found.suggestion is not None and found.suggestion > 1


def test_a_logarithmic_range_is_widened_in_the_logarithm() -> None:
    (found,) = edge_warnings(line(0.01, 0.0101, 0.2, 0.5, 0.3, 0.7, log=True))
    assert found.side == "lower" and found.suggestion == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("axis", "values"),
    [([1.0, 2.0], [1.0, 2.0, 1.0]), (["a", "b", "c"], ["a", "b", "c"]), ({"low": 0.0, "high": 10.0}, [1.0, 2.0, 1.0])],
    ids=str,
)
def test_there_is_no_warning_where_an_end_says_nothing(axis: object, values: Sequence[Value]) -> None:
    parameters = {"x": axis}
    assert not edge_warnings(sweep([trial(n, {"x": value}, -n) for n, value in enumerate(values)], parameters))


@pytest.mark.parametrize(
    ("axis", "values", "wider"),
    [
        ({"type": "int", "low": 0, "high": 10}, [10, 9, 1, 2, 3, 4, 5], 15),
        ({"type": "int", "low": 16, "high": 512, "log": True}, [512, 20, 30, 40, 50, 60, 70], 2896),
        ([1, 2.5, 4], [4, 1, 1, 1, 2.5, 2.5, 1], 5.5),
        ([2, 4, 9], [9, 2, 2, 2, 4, 4, 4], 12),
        ({"low": 1.0, "high": 2.0}, [1.0, 1.5, 1.6, 1.7, 1.8, 1.9, 1.4], 0.5),
        ({"low": -1.0, "high": 3.0}, [-1.0, 0.5, 1.6, 1.7, 1.8, 1.9, 1.4], -3),
    ],
    ids=str,
)
def test_a_wider_end_is_half_the_range_further_and_whole_where_values_are(
    axis: object, values: Sequence[Value], wider: float
) -> None:
    (found,) = edge_warnings(sweep([trial(n, {"x": value}, -n) for n, value in enumerate(values)], {"x": axis}))
    assert found.suggestion == wider and found.best == values[0] and not found.strong


def test_an_end_is_warned_of_where_the_best_trial_has_the_parameter() -> None:
    space = {"rule": ["sgd", "adam"], "momentum": {"low": 0.0, "high": 0.9, "when": {"rule": "sgd"}}}
    params: list[Params] = [{"rule": "sgd", "momentum": 0.9 if n < 3 else 0.4} for n in range(12)]
    assert edge_warnings(sweep([trial(n, each, -n) for n, each in enumerate(params)], space))
    params[0] = {"rule": "adam"}
    assert not edge_warnings(sweep([trial(n, each, -n) for n, each in enumerate(params)], space))


def test_strong_warnings_come_first() -> None:
    trials = [trial(n, {"a": 1.0 if n == 0 else 0.5, "b": 1.0 if n < 3 else 0.5}, -n) for n in range(10)]
    found = edge_warnings(sweep(trials, {name: {"low": 0.0, "high": 1.0} for name in "ab"}))
    assert [(each.parameter, each.strong, each.top_at_edge) for each in found] == [("b", True, 3), ("a", False, 1)]


def test_a_range_that_starts_at_zero_has_no_wider_start() -> None:
    (found,) = edge_warnings(sweep([trial(n, {"x": n / 9}, -n) for n in range(10)], X))
    assert (found.side, found.suggestion) == ("lower", None)


def test_a_seed_that_is_searched_has_no_edge_to_widen() -> None:
    trials = [trial(n, {"x": 0.5, "seed": n}, float(n)) for n in range(20)]
    space = {"x": {"low": 0.0, "high": 1.0}, "seed": {"type": "int", "low": 0, "high": 19}}
    assert not edge_warnings(sweep(trials, space))


def test_no_wider_end_is_advised_where_the_best_configuration_would_break_a_constraint() -> None:
    parameters = {"x": {"low": 0.0, "high": 10.0}, "y": {"low": 0.0, "high": 10.0}}
    trials = [trial(n, {"x": x, "y": 1.0}, -float(n)) for n, x in enumerate([9.9, 9.8, 9.7, 5.0, 4.0, 3.0, 2.0, 1.0])]
    (free,) = edge_warnings(sweep(trials, parameters, constraints=["x * y <= 90"]))
    assert free.advised == 15.0
    (bound,) = edge_warnings(sweep(trials, parameters, constraints=["x * y <= 10"]))
    assert bound.strong and bound.advised is None
