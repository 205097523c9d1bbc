"""Objectives of any size: the report shows every finite value, and marks results that exceed the range of floats."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from morphogenetic_engine.cli.views.summary_view import print_summary
from morphogenetic_engine.reports.analysis.correlation import association
from morphogenetic_engine.reports.columns.columns import Column
from morphogenetic_engine.reports.comparison.comparison_report import compare_candidates
from morphogenetic_engine.reports.comparison.profiles import profiles_of
from morphogenetic_engine.reports.importance.importance import RESAMPLES
from morphogenetic_engine.reports.page.page import page
from morphogenetic_engine.reports.stats.comparison import Sample, Verdict, compare
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.sweeps.schema.objective import Direction
from tests.reports.sample_sweeps import LARGEST, of_values
from tests.reports.sweeps import sweep, trial

SPECIAL = st.sampled_from([LARGEST, -LARGEST, 1e308, -1e308, 5e-324, -5e-324, 1e-310, 0.0, -0.0, 1.0])
OBJECTIVES = st.lists(SPECIAL | st.floats(allow_nan=False, allow_infinity=False), min_size=20, max_size=24)
NOT_A_NUMBER = re.compile(r"\b[Nn]a[Nn]\b|not a number|\bNone\b")


@pytest.mark.slow
@settings(max_examples=20)
@given(values=OBJECTIVES, minimize=st.booleans())
def test_any_finite_objectives_have_a_summary_a_page_and_a_text(values: list[float], minimize: bool) -> None:
    result = of_values(values, minimize=minimize)
    summary = summarize(result, methods=("PED-ANOVA",))
    assert not any(math.isnan(value) for value in _numbers(summary.to_dict()))
    shown = io.StringIO()
    terminal = Console(file=shown, width=120)
    print_summary(terminal, summary, summary.best, "Best configurations", "finished")
    assert not NOT_A_NUMBER.search(shown.getvalue())
    written = page(result, summary)
    assert not NOT_A_NUMBER.search(written.partition("<body")[2].partition("<script")[0])
    assert not re.search(r'\b(?:[xyd]|[xyc][xy12]|points|width|height)="[^"]*(?:nan|inf)', written)
    embedded = json.loads(written.partition('id="data">')[2].partition("</script>")[0])
    assert None not in [value for curve in embedded["curves"]["values"] for value in curve]


@pytest.mark.parametrize("values", [[LARGEST, -LARGEST] * 10, [1.0, 1.0 + 2**-52] * 10, [1.0] * 20])
def test_fanova_takes_any_size(values: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RESAMPLES, "fANOVA", 3)
    (found,) = summarize(of_values(values), methods=("fANOVA",)).importance
    if found.withheld is None:
        assert sum(each.share for each in found.parameters) == pytest.approx(1)
    else:
        assert found.withheld == "val_acc is the same in all trials"


@pytest.mark.parametrize("unit", [5e-324, 1e-310, 1e-160, 1.0, 1e160, 2.0**1021])
def test_a_correlation_does_not_depend_on_the_unit(unit: float) -> None:
    one, other = Column("one", _array(0, 1, 2, 3, 4)), Column("other", _array(0, -2, 3, 4, 7) * unit)
    plain = association(one, Column("other", _array(0, -2, 3, 4, 7)))
    found = association(one, other)
    assert found.linear == pytest.approx(plain.linear)
    assert found.rank == pytest.approx(plain.rank)


@pytest.mark.parametrize("unit", [LARGEST, 1e-200, 5e-322])
def test_importance_does_not_depend_on_the_unit(unit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RESAMPLES, "fANOVA", 3)
    values = [(number * 7 % 24) / 24 for number in range(24)]
    trials = [trial(n, {"x": x, "kind": "abc"[n % 3]}, x * unit) for n, x in enumerate(values)]
    for each in summarize(sweep(trials, {"x": {"low": 0.0, "high": 1.0}, "kind": ["a", "b", "c"]})).importance:
        assert each.parameters[0].parameter == "x" and each.parameters[0].share > 0.6


def test_trials_at_opposite_ends_of_all_floats_are_compared() -> None:
    result = of_values([LARGEST, -LARGEST, 0.0, 1.0] * 5)
    (found,) = compare_candidates({"one": result}, ["one:2", "one:3"]).comparisons
    assert (found.mean_one, found.mean_other, found.difference) == (0.0, 1.0, -1.0)
    assert compare_candidates({"one": result}, ["one:4", "one:5"]).comparisons[0].difference == math.inf


def test_opposite_ends_of_all_floats_are_compared() -> None:
    one = Sample("one", {seed: LARGEST for seed in range(6)})
    other = Sample("other", {seed: -LARGEST for seed in range(6)})
    found = compare(one, other, Direction.MAXIMIZE)
    assert found.verdict is Verdict.BETTER
    assert (found.mean_one, found.mean_other, found.difference) == (LARGEST, -LARGEST, math.inf)


def test_a_profile_reaches_from_one_end_of_the_floats_to_the_other() -> None:
    (found,) = profiles_of({"one": [-LARGEST, 0.0, LARGEST]}, Direction.MAXIMIZE)
    assert (found.thresholds[0], found.thresholds[50], found.thresholds[-1]) == (-LARGEST, 0.0, LARGEST)
    assert found.share[0] == 1.0
    assert found.share[-1] == pytest.approx(1 / 3)


def _array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def _numbers(value: object) -> list[float]:
    if isinstance(value, float):
        return [value]
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, each.name) for each in fields(value)]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [number for each in value for number in _numbers(each)] if isinstance(value, list | tuple) else []
