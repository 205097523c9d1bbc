"""The rules that stop a sweep before all its trials have run."""

from __future__ import annotations

import pytest

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.run.early_stopping import EarlyStopper
from morphogenetic_engine.sweeps.schema.execution_section import EarlyStopping
from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig

Value = float | TrialState
"""The objective of a complete trial, or how else a trial ended."""


def _stops_at(
    rule: dict[str, object], values: list[Value], optimization: dict[str, object] | None = None
) -> int | None:
    stopper = EarlyStopper(EarlyStopping.model_validate(rule), OptimizationConfig.model_validate(optimization or {}))
    for number, value in enumerate(values):
        trial = TrialRecord(number, 0, {})
        if isinstance(value, TrialState):
            trial.state = value
        else:
            trial.state, trial.metrics = TrialState.COMPLETE, {"val_acc": value, "loss": -value, "n": number}
        if stopper.stops_after(trial):
            return number
    return None


@pytest.mark.parametrize(
    ("rule", "values", "stops_at"),
    [
        ({"patience": 1}, [0.1, 0.2, 0.2], 2),
        ({"patience": 2}, [0.1, 0.0, 0.05, 0.2], 2),
        ({"patience": 2}, [0.1, 0.0, 0.2, 0.1, 0.3, 0.3], None),
        ({"patience": 2}, [0.1, 0.0, 0.2, 0.1, 0.15], 4),
        ({"patience": 3}, [0.5], None),
        ({"patience": 1, "min_trials": 4}, [0.3, 0.2, 0.1, 0.0, 0.0], 3),
        ({"patience": 1, "min_trials": 3}, [0.3, 0.2, 0.4, 0.5], None),
        ({"threshold": 0.9}, [0.5, 0.9, 0.1], 1),
        ({"threshold": 0.9}, [0.5, 0.95], 1),
        ({"threshold": 0.9}, [0.5, 0.89], None),
        ({"threshold": 0.9, "min_trials": 3}, [0.95, 0.1, 0.2, 0.3], 2),
        ({"threshold": 0.9, "patience": 1}, [0.5, 0.4], 1),
        ({"threshold": -0.1}, [-0.5, -0.1], 1),
    ],
)
def test_the_trial_at_which_a_sweep_stops(rule: dict[str, object], values: list[Value], stops_at: int | None) -> None:
    assert _stops_at(rule, values) == stops_at


@pytest.mark.parametrize(
    ("rule", "values", "stops_at"),
    [
        ({"threshold": 0.1}, [0.5, 0.1], 1),
        ({"threshold": 0.1}, [0.5, 0.2], None),
        ({"patience": 1}, [0.5, 0.4, 0.3, 0.3], 3),
        ({"patience": 1}, [0.5, 0.6], 1),
    ],
)
def test_smaller_is_better_where_the_objective_says_so(
    rule: dict[str, object], values: list[Value], stops_at: int | None
) -> None:
    assert _stops_at(rule, values, {"direction": "minimize"}) == stops_at


def test_the_rule_may_watch_another_metric_in_another_direction() -> None:
    values: list[Value] = [0.1, 0.2, 0.3]
    assert _stops_at({"metric": "loss", "direction": "minimize", "threshold": -0.2}, values) == 1
    assert _stops_at({"metric": "loss", "threshold": -0.2}, values) == 0
    assert _stops_at({"metric": "missing", "patience": 1}, values) is None


@pytest.mark.parametrize("state", [TrialState.FAILED, TrialState.PRUNED])
def test_trials_that_are_not_complete_count_as_ended_but_not_as_worse(state: TrialState) -> None:
    assert _stops_at({"patience": 1}, [0.1, state, state, state]) is None
    assert _stops_at({"patience": 1, "min_trials": 4}, [0.1, 0.0, state, state]) == 3
    assert _stops_at({"patience": 1}, [state, 0.1, state, 0.1]) == 3
    assert _stops_at({"threshold": -1.0}, [state]) is None
