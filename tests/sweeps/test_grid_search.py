"""Designs: exact counts, exact order, no duplicate points, and points that depend on their number only."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.strategy import NOTHING_EARLIER, Strategy
from morphogenetic_engine.trial import Value

SAMPLED = ("random", "latin_hypercube", "sobol")
UNITS = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 1e-4, "high": 1.0, "log": True}}


def _design(sweep_type: str, parameters: Mapping[str, object], trials: int | None = None, seed: int = 42) -> Strategy:
    optimization = {"n_trials": trials, "seed": seed}
    return design_of(
        SweepConfig.model_validate(
            {"sweep_type": sweep_type, "parameters": parameters, "optimization": optimization, "experiment": {"f": "z"}}
        )
    )


def _points(design: Strategy) -> list[tuple[Value, ...]]:
    return [tuple(design.suggest(number, NOTHING_EARLIER).values()) for number in range(design.trials)]


def test_a_grid_is_every_combination_and_the_last_axis_changes_fastest() -> None:
    design = _design("grid", {"a": ["p", "q"], "b": {"low": 1, "high": 3}, "c": [True, False]})
    assert [design.suggest(number, NOTHING_EARLIER) for number in range(design.trials)] == [
        {"f": "z", "a": a, "b": b, "c": c} for a, b, c in product("pq", (1, 2, 3), (True, False))
    ]


@pytest.mark.parametrize(("trials", "length"), [(None, 6), (4, 4), (6, 6), (100, 6)])
def test_a_grid_takes_its_first_points_and_has_no_more_than_it_has(trials: int | None, length: int) -> None:
    parameters = {"a": [1, 2], "b": [3, 4, 5]}
    design = _design("grid", parameters, trials)
    assert _points(design) == _points(_design("grid", parameters))[:length]
    assert design.trials == length


@pytest.mark.parametrize("sweep_type", ["grid", *SAMPLED])
def test_no_axis_at_all_is_one_trial(sweep_type: str) -> None:
    assert _points(_design(sweep_type, {}, 1)) == [("z",)]


@pytest.mark.parametrize("sweep_type", ["grid", *SAMPLED])
@pytest.mark.parametrize("number", [-1, 3])
def test_a_number_outside_the_design_is_an_error(sweep_type: str, number: int) -> None:
    with pytest.raises(IndexError, match=rf"has 3 points, but got number={number}"):
        _design(sweep_type, {"a": [1, 2, 3]}, 3).suggest(number, NOTHING_EARLIER)


def test_a_million_points_are_numbered_at_once_and_not_held_in_memory() -> None:
    parameters = {f"p{axis}": list(range(10)) for axis in range(6)}
    design = _design("grid", parameters)
    tracemalloc.start()
    last = design.suggest(999_999, NOTHING_EARLIER)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert design.trials == 1_000_000
    assert last == {"f": "z", **dict.fromkeys(parameters, 9)}
    assert peak < 50_000


def test_an_axis_of_a_million_steps_is_not_held_in_memory() -> None:
    tracemalloc.start()
    design = _design("grid", {"n": {"low": 0, "high": 10**9, "step": 1000}})
    assert design.suggest(10**6, NOTHING_EARLIER) == {"f": "z", "n": 10**9}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


FINITE = st.dictionaries(
    st.sampled_from("abc"),
    st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)
    | st.builds(lambda low, more: {"low": low, "high": low + more}, st.integers(1, 5), st.integers(0, 4))
    | st.builds(lambda more: {"low": 1, "high": 1 + more, "log": True}, st.integers(0, 5))
    | st.builds(lambda steps: {"low": 0.1, "high": 0.1 + steps / 10, "step": 0.1}, st.integers(0, 4)),
    max_size=3,
)


@settings(max_examples=60)
@given(st.sampled_from(SAMPLED), FINITE, st.integers(0, 2**32 - 1), st.data())
def test_no_point_is_there_twice_up_to_the_full_space(
    sweep_type: str, parameters: dict[str, object], seed: int, data: st.DataObject
) -> None:
    config = SweepConfig.model_validate({"parameters": parameters})
    size = config.points
    assert size is not None
    trials = data.draw(st.just(size) | st.integers(1, size))
    points = _points(_design(sweep_type, parameters, trials, seed))
    assert len(points) == len(set(points)) == trials
    for point in points:
        for axis, value in zip(config.space.axes.values(), point[1:], strict=True):
            assert axis.parse(str(value)) == value


@pytest.mark.parametrize("sweep_type", SAMPLED)
def test_a_full_space_that_is_large_is_filled_to_the_last_point(sweep_type: str) -> None:
    parameters = {"a": list(range(20)), "b": {"low": 1, "high": 20}}
    assert len(set(_points(_design(sweep_type, parameters, 400)))) == 400


@pytest.mark.parametrize("sweep_type", ["random", "sobol"])
@pytest.mark.parametrize("parameters", [UNITS, {"a": list(range(6)), "b": {"low": 1, "high": 20}}])
def test_a_point_is_the_same_however_many_are_asked_for(sweep_type: str, parameters: dict[str, object]) -> None:
    longest = _points(_design(sweep_type, parameters, 120))
    for trials in (1, 7, 64, 65):
        assert _points(_design(sweep_type, parameters, trials)) == longest[:trials]


@pytest.mark.parametrize("sweep_type", SAMPLED)
def test_a_point_is_the_same_in_whatever_order_they_are_asked_for(sweep_type: str) -> None:
    forwards, backwards = (_design(sweep_type, UNITS, 20) for _ in range(2))
    points = _points(forwards)
    assert [tuple(backwards.suggest(number, NOTHING_EARLIER).values()) for number in reversed(range(20))] == points[
        ::-1
    ]
    assert _points(forwards) == points


@pytest.mark.parametrize("sweep_type", SAMPLED)
def test_a_design_is_the_same_for_its_seed_and_another_for_any_other(sweep_type: str) -> None:
    points = [_points(_design(sweep_type, UNITS, 8, seed)) for seed in (1, 1, 2)]
    assert points[0] == points[1]
    assert not set(points[0]) & set(points[2])


def test_a_latin_hypercube_has_one_point_in_each_stratum_of_each_axis() -> None:
    config = SweepConfig.model_validate({"parameters": UNITS})
    points = _points(_design("latin_hypercube", UNITS, 50))
    assert sorted(int(float(x) * 50) for _, x, _ in points) == list(range(50))
    # y is logarithmic: its strata are equally wide in the logarithm.
    edges = [config.space.axes["y"].from_unit(index / 50) for index in range(50)]
    assert sorted(sum(float(edge) <= float(y) for edge in edges) for _, _, y in points) == list(range(1, 51))


def test_a_latin_hypercube_gives_every_choice_its_share() -> None:
    points = _points(_design("latin_hypercube", {"a": ["p", "q"], **UNITS}, 40))
    assert [point[1] for point in points].count("p") == 20


def test_sobol_points_are_balanced_after_each_power_of_two() -> None:
    points = _points(_design("sobol", UNITS, 128))
    for count in (64, 128):
        assert sum(float(x) < 0.5 for _, x, _ in points[:count]) == count // 2
        assert sum(float(y) < 0.01 for _, _, y in points[:count]) == count // 2
