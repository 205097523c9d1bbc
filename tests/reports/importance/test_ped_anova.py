"""PED-ANOVA against Optuna's implementation of the same papers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.importance import PedAnovaImportanceEvaluator

from morphogenetic_engine.reports.importance.optuna_importance import Sample, frozen_trials
from morphogenetic_engine.reports.importance.ped_anova import PedAnova
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange, Parameter
from morphogenetic_engine.sweeps.space.search_space import Space
from tests.reports.sweeps import trial

AXES: list[Parameter] = [
    Choices(("relu", "tanh", "gelu")),
    Choices((True, False)),
    Choices((2, 4, 8, 16)),
    FloatRange(-3.0, 5.0),
    FloatRange(1e-5, 1.0, log=True),
    FloatRange(0.1, 0.9, step=0.2),
    IntRange(1, 9),
    IntRange(0, 1000, step=3),
    IntRange(3, 4, log=True),
    IntRange(16, 512, log=True),
]
PLACES = st.lists(st.integers(0, 39), min_size=5, max_size=60)


@given(axis=st.sampled_from(AXES), places=PLACES, seed=st.integers(0, 2**32 - 1), ties=st.integers(1, 40))
def test_the_shares_are_those_of_optuna(axis: Parameter, places: list[int], seed: int, ties: int) -> None:
    random = np.random.default_rng(seed)
    space = Space({"there": axis, "x": FloatRange(0.0, 1.0), "sometimes": axis}, {})
    trials = []
    for number in range(40):
        there = axis.from_unit(random.beta(0.5, 2))
        sometimes = {} if random.random() < 0.5 else {"sometimes": axis.from_unit(random.random())}
        trials.append(trial(number, {"there": there, "x": random.random(), **sometimes}))
    loss_N = random.integers(ties, size=40).astype(float)
    names = ["there", "x", *(["sometimes"] if any("sometimes" in trials[place].params for place in places) else [])]
    with warnings.catch_warnings(action="ignore"):
        frozen = frozen_trials(trials, names, space)
        sample = Sample([frozen[place] for place in places])
        evaluator = PedAnovaImportanceEvaluator(target_quantile=0.2)
        wanted = evaluator.evaluate(sample, names, target=lambda one: float(loss_N[one.number]))
    found_P = PedAnova(names, trials, space, top_share=0.2).of(np.array(places), loss_N)
    assert dict(zip(names, found_P.tolist(), strict=True)) == pytest.approx(wanted, rel=1e-6, abs=1e-12)
