"""Thresholds travel as text, and decide there as they do where they were computed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.trial_recorder import TrialRecorder
from morphogenetic_engine.sweeps.search.optuna.optuna_pruner import OptunaPruner
from morphogenetic_engine.sweeps.search.pruners.fixed_decisions import FixedDecisions
from morphogenetic_engine.sweeps.search.pruners.threshold_text import thresholds_of_text, thresholds_text
from morphogenetic_engine.sweeps.search.pruners.thresholds import (
    CurveThresholds,
    RungThresholds,
    StepThresholds,
    Thresholds,
    thresholds_json,
    thresholds_of_json,
)
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import Decision, earlier_than
from tests.bayesian_history import End, config_of, pruned, record

finite = st.floats(allow_nan=False, allow_infinity=False)
curves = st.dictionaries(st.integers(0, 10**6), finite, max_size=30)
any_thresholds: st.SearchStrategy[Thresholds] = st.one_of(
    st.builds(
        StepThresholds, st.booleans(), curves, st.integers(0, 9), st.integers(1, 5), st.none() | st.integers(0, 9)
    ),
    st.builds(
        RungThresholds,
        st.booleans(),
        st.integers(1, 99),
        st.integers(2, 9),
        st.lists(st.floats(allow_nan=False), max_size=9).map(tuple),
        st.floats(allow_nan=False),
    ),
    st.builds(CurveThresholds, st.booleans(), curves, st.floats(0, 1), st.integers(0, 9)),
)


@given(thresholds=any_thresholds)
def test_thresholds_come_back_from_their_text_digit_by_digit(thresholds: Thresholds) -> None:
    written = thresholds_text(thresholds)
    assert thresholds_of_text(written, "pruning") == thresholds
    assert not set(written) & set("\"'\\$`{} ")


@pytest.mark.parametrize("written", ["", "abc", "eJw=", "%%%", "eJyrVkrLz1eyUkpKLFKqBQAdegQ0"])
def test_a_damaged_text_is_one_line(written: str) -> None:
    with pytest.raises(ConfigError, match="^pruning: holds no thresholds of a pruner; it was cut or changed"):
        thresholds_of_text(written, "pruning")


@pytest.mark.parametrize(
    "pruner", ["MedianPruner", "PatientPruner", "SuccessiveHalvingPruner", "HyperbandPruner", "WilcoxonPruner"]
)
@given(data=st.data())
@settings(max_examples=10)
def test_decisions_from_the_text_are_those_of_the_strategy(pruner: str, data: st.DataObject) -> None:
    values = st.lists(st.integers(-9, 9).map(float), min_size=6, max_size=6)
    config = config_of("Random", pruner=pruner, optimization={"lookahead": 2, "n_trials": 12})
    *earlier, last = pruned(config, data.draw(st.lists(values, min_size=12, max_size=12)))
    strategy = strategy_of(config)
    known = {trial.number: trial for trial in earlier}
    decisions = strategy.decisions(11, {"x": 0.5}, earlier_than(11, strategy.needs(11), known), {})
    written = thresholds_text(OptunaPruner(config).thresholds(11, earlier[: strategy.needs(11)]))
    sent = FixedDecisions(thresholds_of_text(written, "pruning"))
    assert decisions is not None
    for step, metrics in last.curve.items():
        assert sent.decide(step, metrics["val_acc"]) is decisions.decide(step, metrics["val_acc"])


_NUMBERS = st.floats(allow_nan=False)
_BY_STEP = st.dictionaries(st.integers(0, 99), _NUMBERS)
_ANY_THRESHOLDS = st.one_of(
    st.builds(
        StepThresholds, st.booleans(), _BY_STEP, st.integers(0, 9), st.integers(1, 9), st.none() | st.integers(0, 9)
    ),
    st.builds(
        RungThresholds, st.booleans(), st.integers(1, 9), st.integers(2, 4), st.lists(_NUMBERS).map(tuple), _NUMBERS
    ),
    st.builds(CurveThresholds, st.booleans(), _BY_STEP, st.floats(0, 1), st.integers(0, 9)),
)


@given(_ANY_THRESHOLDS)
def test_thresholds_reach_a_worker_unchanged(thresholds: Thresholds) -> None:
    assert thresholds_of_json(thresholds_json(thresholds)) == thresholds


def test_a_failed_trial_decides_about_no_other() -> None:
    config = config_of("Random", pruner="SuccessiveHalvingPruner", optimization={"pruner_options": {"min_resource": 1}})
    good = record(0, {"x": 0.5}, End(TrialState.COMPLETE, 1.0, [0.0, 1.0]))
    failed = [record(number, {"x": 0.5}, End(TrialState.FAILED, 9.0, [9.0, 9.0])) for number in range(1, 9)]
    assert OptunaPruner(config).thresholds(12, [good, *failed]) == OptunaPruner(config).thresholds(12, [good])


def test_a_task_has_the_thresholds_and_what_an_earlier_attempt_reported(tmp_path: Path) -> None:
    config = config_of("Random", pruner="MedianPruner", optimization={"pruner_options": {"n_startup_trials": 1}})
    strategy, reported = strategy_of(config), {0: {"val_acc": 0.5}}
    known = {number: record(number, {"x": 0.5}, End(value=3.0, reports=[3.0, 4.0])) for number in range(8)}
    decisions = strategy.decisions(8, {"x": 0.5}, earlier_than(8, strategy.needs(8), known), reported)
    history = History()
    recorder = TrialRecorder(config, history, history.apply)
    task = recorder.start(8, slot=0, seed=1, params={"x": 0.5}, folder=tmp_path, decisions=decisions)
    limits: Mapping[int, float] = {0: 3.0, 1: 4.0}
    assert (task.decides, task.thresholds, task.reported) == (True, StepThresholds(True, limits), {0: 0.5})
    assert FixedDecisions(StepThresholds(True, limits), task.reported).decide(1, 9.0) is Decision.STOP
