"""Perturbed parameters stay in their ranges, and move."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.schema.halving_section import Pbt
from morphogenetic_engine.sweeps.search.population.perturbation import explored, perturbed
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, FloatRange, IntRange
from morphogenetic_engine.sweeps.space.search_space import Space
from morphogenetic_engine.trial import Value

SPACE = {
    "lr": {"low": 1e-4, "high": 1.0, "log": True},
    "noise": {"low": 0.0, "high": 1.0},
    "batch": {"type": "int", "low": 8, "high": 128, "log": True},
    "drop": {"low": 0.0, "high": 0.5, "step": 0.1},
    "kind": ["a", "b", "c"],
}


def space(*constraints: str) -> Space:
    written = {"sweep_type": "random", "experiment": {"workload": "toy:nothing"}, "parameters": SPACE}
    return parse_config({**written, "constraints": constraints, "optimization": {"n_trials": 4}}, where="x").space


@pytest.mark.parametrize("up", [True, False])
def test_a_value_moves_by_the_factor_or_a_share_of_the_range_and_a_choice_to_a_neighbour(up: bool) -> None:
    assert perturbed(FloatRange(1e-4, 1.0, log=True), 0.1, 1.25, up=up) == pytest.approx(0.125 if up else 0.08)
    assert perturbed(FloatRange(0.0, 2.0), 1.0, 1.2, up=up) == pytest.approx(1.2 if up else 0.8)
    assert perturbed(IntRange(1, 9), 3, 1.01, up=up) == (4 if up else 2)
    assert perturbed(FloatRange(0.0, 0.5, step=0.1), 0.3, 1.01, up=up) == (0.4 if up else 0.2)
    assert perturbed(Choices(("a", "b", "c")), "b", 1.2, up=up) == ("c" if up else "a")


@given(st.integers(0, 10_000))
def test_explored_parameters_are_of_the_space_and_only_those_that_may_change_change(seed: int) -> None:
    chance, whole = Random(seed), space()
    begun = {name: axis.from_unit(chance.random()) for name, axis in whole.axes.items()}
    pbt = Pbt(change=("lr", "batch", "drop"), full=1)
    found = explored(begun, whole, pbt, Random(seed))
    assert found == explored(begun, whole, pbt, Random(seed))
    assert (found["noise"], found["kind"]) == (begun["noise"], begun["kind"])
    for name, value in found.items():
        assert whole.parse(name, str(value)) == value


def test_parameters_that_cannot_change_without_breaking_a_constraint_stay() -> None:
    begun: dict[str, Value] = {"lr": 0.1, "noise": 0.5, "batch": 16, "drop": 0.1, "kind": "a"}
    pbt = Pbt(change=("batch",), full=1)
    assert explored(begun, space("batch == 16"), pbt, Random(1)) == begun
