"""The correlation of two columns, against scipy and the papers' formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from morphogenetic_engine.reports.analysis.correlation import association, correlations_of, strongest
from morphogenetic_engine.reports.columns.columns import Column, metric_column, parameter_column
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}}


def column(name: str, values: Sequence[float], levels: int = 0) -> Column:
    return Column(name, np.array(values), tuple(range(levels)))


def test_numbers_correlate_as_scipy_says() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=40), random.integers(0, 5, size=40).astype(float)
    found = association(Column("one", one), Column("other", other))
    assert found.linear == pytest.approx(stats.pearsonr(one, other).statistic)
    assert found.rank == pytest.approx(stats.spearmanr(one, other).statistic)


def test_a_parameter_on_a_logarithmic_scale_is_taken_in_the_logarithm() -> None:
    trials = [trial(n, {"lr": 10.0**-n}, float(n)) for n in range(5)]
    lr = parameter_column("lr", FloatRange(1e-4, 1.0, log=True), trials)
    assert association(lr, metric_column("val_acc", trials)).linear == pytest.approx(-1)


def test_the_correlation_ratio_is_that_of_the_analysis_of_variance() -> None:
    groups, values = np.repeat([0.0, 1.0, 2.0], 10), np.random.default_rng(0).normal(size=30)
    found = association(column("group", groups.tolist(), levels=3), Column("value", values))
    f = stats.f_oneway(*(values[groups == group] for group in range(3))).statistic
    assert found.measure == "correlation ratio"
    assert found.linear == pytest.approx(math.sqrt(2 * f / (2 * f + 27)))


@pytest.mark.parametrize(("other", "strength"), [([0.0, 1.0] * 50, 1.0), ([0.0, 0.0, 1.0, 1.0] * 25, 0.0)])
def test_cramers_v_is_one_for_the_same_and_zero_for_independent_categories(other: list[float], strength: float) -> None:
    found = association(column("one", [0.0, 1.0] * 50, levels=2), column("other", other, levels=2))
    assert found.measure == "Cramer's V" and found.linear == pytest.approx(strength, abs=0.01)


def test_cramers_v_is_corrected_for_its_bias_as_bergsma_says() -> None:
    table = np.array([[10, 5, 1, 2], [2, 13, 3, 4], [1, 1, 9, 8]])
    one, other = np.nonzero(table)
    counts = table[one, other]
    found = association(
        column("one", np.repeat(one, counts).tolist(), levels=3),
        column("other", np.repeat(other, counts).tolist(), levels=4),
    )
    count = int(table.sum())
    square = stats.chi2_contingency(table, correction=False).statistic / count - 2 * 3 / (count - 1)
    assert found.linear == found.rank == pytest.approx(math.sqrt(square / (3 - 2**2 / (count - 1) - 1)))


def test_a_number_beside_categories_has_the_correlation_ratio_whichever_comes_first() -> None:
    groups, values = column("group", [0.0, 0.0, 1.0, 1.0, 2.0, 2.0], levels=3), column("value", [1.0, 9, 3, 2, 5, 50])
    forth, back = association(groups, values), association(values, groups)
    assert forth.measure == back.measure == "correlation ratio"
    assert (forth.linear, forth.rank) == (back.linear, back.rank) and forth.rank != forth.linear


def test_parameters_are_in_the_order_of_how_they_go_with_the_objective() -> None:
    space = {name: {"low": 0.0, "high": 9.0} for name in ("noise", "flat", "strong", "against")}
    noisy = [3.0, 1.0, 2.0, 0.0, 5.0, 4.0]
    trials = [
        trial(
            n, {"noise": noisy[n], "flat": 1.0, "strong": float(n), "against": 9.0 - n**2 / 5}, float(n), loss=noisy[n]
        )
        for n in range(6)
    ]
    found = correlations_of(sweep(trials, space, secondary_metrics=["never", "loss"]))
    assert found.metrics == ("val_acc", "loss")
    assert [each.one for each in found.with_objective()] == ["strong", "against", "noise", "flat"]
    assert {each.other for each in found.with_objective()} == {"val_acc"}
    some = strongest(found, ["noise", "flat", "val_acc", "loss"])
    assert [(each.one, each.other) for each in some] == [("noise", "loss"), ("noise", "val_acc"), ("val_acc", "loss")]


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0, 1.0], [1.0, math.nan, math.nan, 2.0, 3.0]], ids=str
)
def test_where_nothing_can_be_said_nothing_is(values: list[float]) -> None:
    found = association(column("one", values), column("other", [float(n) for n in range(len(values))]))
    assert (found.linear, found.rank) == (None, None)


def test_only_trials_that_have_both_are_counted() -> None:
    found = association(column("one", [1.0, math.nan, 3, 4, 5]), column("other", [1.0, 2, 3, 4, math.nan]))
    assert found.trials == 3


def test_lists_of_numbers_are_numbers_and_other_lists_are_categories() -> None:
    trials = [trial(0, {"a": 4, "b": True}, 0.0)]
    assert not parameter_column("a", Choices((2, 4, 8)), trials).categorical
    assert parameter_column("b", Choices((True, False)), trials).categorical
    assert parameter_column("a", Choices((0.001, 0.01, 0.1)), trials).log


def test_the_objective_comes_first_among_the_metrics() -> None:
    result = sweep([trial(n, {"x": n / 9}, n / 9, aaa=1.0 * n) for n in range(9)], X)
    found = correlations_of(result)
    assert found.metrics == ("val_acc", "aaa")
    assert found.with_objective()[0].rank == pytest.approx(1)
