"""The objective over one parameter, interval by interval."""

from __future__ import annotations

import math

import numpy as np
import pytest

from morphogenetic_engine.reports.analysis.slices import slices_of
from morphogenetic_engine.reports.columns.columns import Column
from morphogenetic_engine.reports.columns.regions import ABSENT, split
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}


@pytest.mark.parametrize(("direction", "best"), [("maximize", (4.0, 9.0)), ("minimize", (0.0, 5.0))])
def test_a_slice_says_best_quartiles_and_size_of_each_part(direction: str, best: tuple[float, float]) -> None:
    space = {"kind": ["a", "b"], "gone": [1, 2], "x": {"low": 0.0, "high": 1.0}}
    trials = [trial(n, {"kind": "a" if n < 5 else "b", "x": n / 10}, float(n)) for n in range(10)]
    found = slices_of(sweep(trials, space, direction=direction))
    assert [(each.parameter, each.categorical) for each in found] == [("kind", True), ("x", False)]
    kind = found[0]
    assert [(each.region.value, each.trials, each.best) for each in kind.bins] == [("a", 5, best[0]), ("b", 5, best[1])]
    assert [(each.low, each.median, each.high) for each in kind.bins] == [(1, 2, 3), (6, 7, 8)]


def test_slices_cover_every_complete_trial_once() -> None:
    values = np.random.default_rng(0).uniform(size=50)
    found = slices_of(sweep([trial(n, {"x": float(x)}, float(x)) for n, x in enumerate(values)], X))[0]
    assert sum(each.trials for each in found.bins) == 50
    assert max(each.best for each in found.bins) == values.max()
    assert all(each.low <= each.median <= each.high <= each.best for each in found.bins)


def test_absent_values_are_a_region_of_their_own() -> None:
    found = split(Column("momentum", np.array([0.1, math.nan, 0.9, math.nan])), 4)
    assert [region.label for region in found.regions] == ["0.1", "0.9", ABSENT]
    assert found.place_N.tolist() == [0, 2, 1, 2]
