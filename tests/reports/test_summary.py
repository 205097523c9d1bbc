"""The summary of every kind of sweep: deterministic, complete, and explicit about missing data."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
import pytest

import morphogenetic_engine.reports
from morphogenetic_engine.reports.analysis.correlation import clear_trends, correlations_of
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.importance.importance import RESAMPLES
from morphogenetic_engine.reports.summary import SweepSummary, summarize
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Params
from tests.reports.sweeps import sweep, trial


def mixed(count: int, *, fail: Callable[[int], bool] = lambda number: False) -> SweepResult:
    """A random search in which x matters and nothing else does."""
    random = np.random.default_rng(1)
    trials = []
    for number in range(count):
        x = float(random.uniform())
        params: Params = {
            "x": x,
            "lr": float(10 ** random.uniform(-4, 0)),
            "kind": str(random.choice(["relu", "tanh", "gelu"])),
        }
        failed = fail(number)
        value = None if failed else 1 - abs(x - 0.5) + float(random.normal()) / 100
        state = TrialState.FAILED if failed else TrialState.COMPLETE
        trials.append(trial(number, params, value, state=state, message="no luck" if failed else ""))
    return sweep(trials)


CONDITIONAL = {
    "rule": ["sgd", "adam"],
    "momentum": {"low": 0.0, "high": 0.9, "when": {"rule": "sgd"}},
}


def conditional() -> SweepResult:
    random = np.random.default_rng(2)
    trials = []
    for number in range(30):
        params: dict[str, float | str] = {"rule": "sgd" if number % 2 else "adam"}
        if number % 2:
            params["momentum"] = float(random.uniform(0, 0.9))
        trials.append(trial(number, params, float(random.uniform()) + number % 2))
    return sweep(trials, CONDITIONAL)


SWEEPS: dict[str, Callable[[], SweepResult]] = {
    "no trial": lambda: sweep([]),
    "one running": lambda: sweep([trial(0, {"x": 0.5, "lr": 0.1, "kind": "relu"}, state=TrialState.RUNNING)]),
    "one complete": lambda: mixed(1),
    "failures only": lambda: mixed(5, fail=lambda number: True),
    "some failures": lambda: mixed(40, fail=lambda number: number % 4 == 0),
    "categories only": lambda: sweep(
        [trial(n, {"kind": ["relu", "tanh"][n % 2], "flag": n % 3 == 0}, n % 2 + n / 100) for n in range(30)],
        {"kind": ["relu", "tanh"], "flag": [True, False]},
    ),
    "constant": lambda: sweep([trial(n, {"x": 1.0}, 0.5) for n in range(25)], {"x": [1.0]}),
    "conditional": conditional,
    "several objectives": lambda: sweep(
        [trial(n, {"x": n / 30}, n / 30, loss=(n - 15.0) ** 2) for n in range(30)],
        {"x": {"low": 0.0, "high": 1.0}},
        objectives=[{"metric": "val_acc"}, {"metric": "loss", "direction": "minimize"}],
    ),
    "no parameter": lambda: sweep([trial(n, {}, n / 10) for n in range(3)], {}),
    "huge values": lambda: sweep(
        [trial(n, {"x": n / 30}, (-1.0) ** n * 1e300) for n in range(30)], {"x": {"low": 0.0, "high": 1.0}}
    ),
}


@pytest.fixture(params=SWEEPS, scope="module")
def summary(request: pytest.FixtureRequest) -> SweepSummary:
    """The summary of each kind of sweep."""
    name: str = request.param
    return summarize(SWEEPS[name](), methods=("PED-ANOVA",))


def test_every_kind_of_sweep_has_a_summary_in_five_lines(summary: SweepSummary) -> None:
    assert 2 <= len(summary.findings) <= 5
    assert all("\n" not in line and line.endswith(".") for line in summary.findings)


def test_no_number_of_a_summary_is_not_a_number(summary: SweepSummary) -> None:
    shares = [each for found in summary.importance for each in found.parameters]
    assert all(math.isfinite(value) for each in shares for value in (each.share, each.low, each.high, each.noise))
    pairs = summary.correlations.associations
    assert all(-1 <= value <= 1 for each in pairs for value in (each.linear, each.rank) if value is not None)


@pytest.fixture
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """fANOVA grows sixteen trees for each of twice as many resamples."""
    monkeypatch.setitem(RESAMPLES, "fANOVA", 6)


@pytest.mark.slow
@pytest.mark.usefixtures("few_resamples")
def test_a_summary_is_the_same_every_time() -> None:
    one, other = (summarize(mixed(20)).to_dict() for _ in range(2))
    assert one == other


@pytest.mark.slow
@pytest.mark.usefixtures("few_resamples")
def test_importance_finds_what_matters_and_says_what_is_chance() -> None:
    found = summarize(mixed(80)).importance
    for each in found:
        assert each.parameters[0].parameter == "x" and each.parameters[0].clear
        assert each.parameters[0].low <= each.parameters[0].share <= each.parameters[0].high
        assert sum(parameter.share for parameter in each.parameters) == pytest.approx(1)
    assert not all(parameter.clear for parameter in found[0].parameters)


def test_importance_for_the_lowest_is_that_for_the_highest_of_the_opposite() -> None:
    up = mixed(60)
    down = sweep(
        [trial(each.number, each.params, -each.metrics["val_acc"]) for each in up.trials], direction="minimize"
    )
    (one,), (other,) = (summarize(each, methods=("PED-ANOVA",)).importance for each in (up, down))
    assert one == other
    shares = [each.share for each in one.parameters]
    assert one.parameters[0].parameter == "x" and shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(
    ("trials", "withheld"),
    [
        ([trial(n, {"x": n / 20}, 0.5) for n in range(20)], "val_acc is the same in all trials"),
        ([trial(n, {"x": 0.5}, float(n)) for n in range(20)], "no parameter has two values"),
        ([trial(0, {"x": 0.5}, 0.5)], "too few trials: 1 is complete, 20 are needed"),
        ([trial(n, {"x": n / 20}, float(n == 0)) for n in range(20)], None),
    ],
)
def test_importance_says_why_there_is_none(trials: list[TrialRecord], withheld: str | None) -> None:
    (found,) = summarize(sweep(trials, {"x": {"low": 0.0, "high": 1.0}}), methods=("PED-ANOVA",)).importance
    assert found.withheld == withheld and bool(found.parameters) is (withheld is None)


def test_importance_is_withheld_with_few_trials() -> None:
    found = summarize(mixed(19)).importance
    assert all(each.withheld == "too few trials: 19 are complete, 20 are needed" for each in found)
    assert not any(each.parameters for each in found)


def test_only_fanova_needs_optuna_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "morphogenetic_engine.reports.importance.optuna_importance", raising=False)
    monkeypatch.delattr(morphogenetic_engine.reports, "optuna_importance", raising=False)
    monkeypatch.setitem(sys.modules, "optuna", None)
    ped, found = summarize(mixed(20)).importance
    assert ped.withheld is None
    assert found.withheld == "needs optuna: pip install 'morphogenetic-engine[reports]'"


@pytest.mark.usefixtures("few_resamples")
def test_fanova_leaves_conditional_parameters_out_and_ped_anova_does_not() -> None:
    ped, fanova = summarize(conditional()).importance
    assert (ped.left_out, fanova.left_out) == ((), ("momentum",))
    assert {each.parameter for each in ped.parameters} == {"rule", "momentum"}


@pytest.mark.slow
def test_a_trend_is_said_where_the_best_do_not_stand_out() -> None:
    """The objective rises with x up to a plateau, on which the best may lie anywhere."""
    random = np.random.default_rng(4)
    trials = []
    for n in range(30):
        params: Params = {"x": float(random.uniform()), "lr": float(10 ** random.uniform(-4, 0)), "kind": "relu"}
        trials.append(trial(n, params, min(float(params["x"]), 0.4) + float(random.normal()) / 50))
    (line,) = [each for each in summarize(sweep(trials)).findings if "PED-ANOVA" in each]
    assert line.startswith("No parameter is more important than chance explains")
    assert ", but val_acc correlates with x (rank correlation +0." in line


def test_no_trend_is_said_of_chance() -> None:
    random = np.random.default_rng(4)
    said = 0
    for _ in range(20):
        params: list[Params] = [{"x": float(random.uniform()), "lr": 0.1, "kind": "relu"} for _ in range(25)]
        result = sweep([trial(n, each, float(random.uniform())) for n, each in enumerate(params)])
        said += len(clear_trends(correlations_of(result)))
    assert said <= 1


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0 s"), (0.00048, "0.48 ms"), (0.012, "12 ms"), (0.2, "0.2 s"), (12.3, "12 s"), (3660.0, "1 h 1 min")],
)
def test_a_duration_is_short_and_never_nothing(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
