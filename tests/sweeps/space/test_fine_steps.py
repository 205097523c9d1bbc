"""Ranges with a fine step: values are computed on demand, and found without enumeration."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.space.combinations import all_points
from morphogenetic_engine.sweeps.space.parameter_axes import AxisValues, FloatRange, IntRange
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER

FINE: Mapping[str, object] = {"lr": {"low": 0.0, "high": 1.0, "step": 1e-8}, "n": {"low": 0, "high": 10**12, "step": 2}}


def config_of(sweep_type: str, parameters: Mapping[str, object], **optimization: object) -> SweepConfig:
    return parse_config(
        {
            "sweep_type": sweep_type,
            "experiment": {"workload": "toy:quadratic"},
            "parameters": parameters,
            "optimization": optimization,
        },
        where="sweep.yaml",
    )


@pytest.mark.parametrize("sweep_type", ["grid", "random", "latin_hypercube", "sobol", "bayesian", "progressive"])
def test_a_sweep_over_fine_steps_holds_no_axis_in_memory(sweep_type: str) -> None:
    config = config_of(sweep_type, FINE, n_trials=3, rounds=1)
    strategy_of(config).suggest(0, NOTHING_EARLIER)  # imports what it needs
    tracemalloc.start()
    try:
        strategy = strategy_of(config)
        point = strategy.suggest(0, NOTHING_EARLIER)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert set(point) == {"lr", "n"} and strategy.trials == 3
    assert taken < 5_000_000


def test_a_point_of_a_fine_grid_is_found_at_once() -> None:
    config = config_of("grid", FINE)
    points = all_points(config.space)
    assert points is not None and points.total == (10**8 + 1) * (5 * 10**11 + 1)
    for number in (0, 10**15 + 7, points.total - 1):
        assert points.find(points[number]) == number
    assert points.find({"lr": 0.123456785, "n": 4}) is None and points.find({"lr": 0.5, "n": 5}) is None


def test_an_axis_of_all_64_bit_integers_is_counted() -> None:
    config = config_of("random", {"n": {"low": -(2**63), "high": 2**63 - 1}}, n_trials=5)
    assert config.points == 2**64
    design = design_of(config)
    assert len({design.suggest(number, NOTHING_EARLIER)["n"] for number in range(5)}) == 5


@given(st.integers(-50, 50), st.integers(1, 9), st.integers(0, 300), st.data())
def test_the_place_of_each_value_is_its_index(low: int, step: int, size: int, data: st.DataObject) -> None:
    for axis in (IntRange(low, low + step * size, step), FloatRange(low / 8, (low + step * size) / 8, step / 8)):
        assert axis.size is not None
        values = AxisValues(axis, axis.size)
        index = data.draw(st.integers(0, axis.size - 1))
        assert values.index(values[index]) == axis.place_of(values[index]) == index
        assert list(values) == [axis.at(each) for each in range(axis.size)]
        with pytest.raises(ValueError, match="not among"):
            values.index(low / 8 - 1000)
