"""Converting axes, values and trials to and from Optuna."""

from __future__ import annotations

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.objective import Direction, Objective
from morphogenetic_engine.sweeps.search.optuna.distributions import (
    directions_of,
    distribution_of,
    distributions_of,
    frozen_trial,
    new_study,
    running_trial,
    suggest,
)
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Value, text

ONE = (Objective(metric="val_acc"),)
SPACE = Space({"x": FloatRange(0.0, 1.0), "kind": Choices(("a", "b"))}, {"epochs": 3})


@st.composite
def stepped(draw: st.DrawFn) -> Parameter:
    """A range with steps whose end is not always one of them."""
    size = draw(st.integers(1, 40))
    if draw(st.booleans()):
        low, step = draw(st.integers(-50, 50)), draw(st.integers(1, 7))
        return IntRange(low, low + size * step + draw(st.integers(0, step - 1)), step)
    lowest, spacing = draw(st.integers(-50, 50)) / 10, draw(st.sampled_from([0.1, 0.05, 0.3, 0.007, 2.5]))
    return FloatRange(lowest, lowest + size * spacing, spacing)


@given(stepped(), st.integers(0, 10**6))
def test_a_value_with_steps_is_exactly_one_of_the_space(axis: Parameter, seed: int) -> None:
    value = suggest(_asked(seed), "x", axis)
    size = axis.size
    assert size is not None and value in [axis.at(index) for index in range(size)]
    assert axis.parse(text(value)) == value


@given(stepped())
def test_both_ends_of_a_range_with_steps_are_values(axis: Parameter) -> None:
    distribution, size = distribution_of(axis), axis.size
    assert isinstance(distribution, (optuna.distributions.IntDistribution, optuna.distributions.FloatDistribution))
    assert size is not None
    assert distribution.low == axis.at(0)
    assert distribution.high == pytest.approx(axis.at(size - 1), abs=1e-12)


def _asked(seed: int) -> optuna.Trial:
    return new_study(optuna.samplers.RandomSampler(seed=seed), optuna.pruners.NopPruner(), ONE).ask()


def test_choices_keep_their_types() -> None:
    axis = Choices((True, 2, 0.5, "2.0", "yes"))
    drawn = {_typed(suggest(_asked(seed), "x", axis)) for seed in range(60)}
    assert drawn == {_typed(value) for value in axis.values}


def _typed(value: Value) -> tuple[str, Value]:
    return type(value).__name__, value


@pytest.mark.parametrize("axis", [IntRange(1, 1000, log=True), FloatRange(1e-5, 1.0, log=True)])
def test_a_logarithmic_range_is_drawn_evenly_in_the_logarithm(axis: IntRange | FloatRange) -> None:
    values = [float(suggest(_asked(seed), "x", axis)) for seed in range(200)]
    middle = (axis.low * axis.high) ** 0.5
    assert all(axis.low <= value <= axis.high for value in values)
    assert 70 < sum(value < middle for value in values) < 130


@pytest.mark.parametrize("axis", [IntRange(3, 3), FloatRange(0.5, 0.5), Choices(("only",)), FloatRange(1.0, 1.2, 0.5)])
def test_an_axis_of_one_value_has_that_value(axis: Parameter) -> None:
    assert suggest(_asked(0), "x", axis) == axis.at(0)


def test_only_the_axes_that_a_trial_has_are_distributions() -> None:
    assert set(distributions_of(SPACE, {"x": 0.5, "epochs": 3})) == {"x"}


def test_a_complete_trial_has_its_objective_and_its_reports() -> None:
    record = TrialRecord(4, 0, {"x": 0.5, "kind": "b", "epochs": 3}, TrialState.COMPLETE, metrics={"val_acc": 0.7})
    record.curve.update({1: {"val_acc": 0.6}, 0: {"val_acc": 0.5}, 2: {"loss": 1.0}})
    trial = frozen_trial(record, SPACE, ONE)
    assert (trial.number, trial.state, trial.value) == (4, optuna.trial.TrialState.COMPLETE, 0.7)
    assert trial.params == {"x": 0.5, "kind": "b"}
    assert list(trial.intermediate_values.items()) == [(0, 0.5), (1, 0.6)]


def test_a_pruned_trial_has_the_value_that_it_reported_last() -> None:
    record = TrialRecord(0, 0, {"x": 0.5, "kind": "a"}, TrialState.PRUNED)
    record.curve.update({step: {"val_acc": step / 10} for step in (3, 1, 2)})
    assert frozen_trial(record, SPACE, ONE).value == 0.3
    assert frozen_trial(TrialRecord(0, 0, {"x": 0.5}, TrialState.PRUNED), SPACE, ONE).value is None


def test_a_failed_trial_has_no_value() -> None:
    record = TrialRecord(0, 0, {"x": 0.5, "kind": "a"}, TrialState.FAILED, metrics={"val_acc": 1.0})
    trial = frozen_trial(record, SPACE, ONE)
    assert (trial.state, trial.values) == (optuna.trial.TrialState.FAIL, None)


def test_several_objectives_keep_their_order_and_their_directions() -> None:
    objectives = (Objective(metric="loss", direction=Direction.MINIMIZE), Objective(metric="val_acc"))
    record = TrialRecord(0, 0, {"x": 0.5}, TrialState.COMPLETE, metrics={"val_acc": 0.7, "loss": 0.2})
    assert frozen_trial(record, SPACE, objectives).values == [0.2, 0.7]
    minimise, maximise = optuna.study.StudyDirection.MINIMIZE, optuna.study.StudyDirection.MAXIMIZE
    assert directions_of(objectives) == [minimise, maximise]


def test_no_time_of_the_day_reaches_a_decision() -> None:
    assert running_trial(0, {"x": 0.5}, SPACE).datetime_start == running_trial(1, {"x": 0.1}, SPACE).datetime_start
