"""The Pareto front of several objectives."""

from __future__ import annotations

from morphogenetic_engine.reports.analysis.pareto import pareto_of
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}


def line(*values: float, log: bool = False, top: float = 1.0) -> SweepResult:
    """Trials along x, whose objective is the smaller the further down the list."""
    space = {"x": {"low": 0.01, "high": top, "log": log}}
    return sweep([trial(n, {"x": x}, -float(n)) for n, x in enumerate(values)], space)


def test_the_front_stands_first() -> None:
    goals = [{"metric": "val_acc"}, {"metric": "loss", "direction": "minimize"}]
    points = [(0.1, 3.0), (0.9, 2.0), (0.5, 1.0), (0.9, 2.5)]
    result = sweep([trial(n, {"x": 0.5}, a, loss=b) for n, (a, b) in enumerate(points)], X, objectives=goals)
    found = pareto_of(result)
    assert found is not None
    assert [point.trial for point in found.points] == [1, 2, 0, 3]
    assert [point.trial for point in found.front] == [1, 2]
    assert pareto_of(line(0.5)) is None
