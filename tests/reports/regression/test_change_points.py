"""Change points of a series are detected where they are, and none where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from morphogenetic_engine.reports.regression.change_points import LEAST_LENGTH, PERMUTATIONS, change_points


def noise(length: int, seed: int) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).normal(0.9, 0.005, length)]


def test_a_step_is_found_at_its_night() -> None:
    values = noise(30, 1) + [value - 0.03 for value in noise(20, 2)]
    [point] = change_points(values)
    assert abs(point.index - 30) <= 1
    assert point.p_value <= 0.01


def energy(values: list[float], at: int) -> float:
    """The scaled energy distance of two parts, by its definition: mean distances between and within them."""
    one, other = np.array(values[:at]), np.array(values[at:])
    across, *within = (np.abs(np.subtract.outer(a, b)).mean() for a, b in ((one, other), (one, one), (other, other)))
    return float(one.size * other.size / len(values) * (2 * across - sum(within)))


@pytest.mark.parametrize("seed", range(6))
def test_a_change_is_where_the_energy_distance_is_largest(seed: int) -> None:
    values = noise(12, seed) + [value - 0.008 for value in noise(20, seed + 100)]
    [point] = change_points(values, significance=0.05)
    places = range(LEAST_LENGTH, len(values) - LEAST_LENGTH + 1)
    assert point.index == max(places, key=lambda at: energy(values, at))


def test_the_p_value_of_the_clearest_change_is_one_of_all_shuffles() -> None:
    [point] = change_points([0.0] * 10 + [1.0] * 10, seed=1)
    assert (point.index, point.p_value) == (10, 1 / (PERMUTATIONS + 1))


def test_two_steps_are_found_in_order() -> None:
    values = noise(20, 1) + [value - 0.03 for value in noise(20, 2)] + noise(20, 3)
    first, second = change_points(values)
    assert abs(first.index - 20) <= 1
    assert abs(second.index - 40) <= 1


def test_noise_has_few_changes() -> None:
    assert sum(bool(change_points(noise(40, seed))) for seed in range(20)) <= 1


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 30, noise(2 * LEAST_LENGTH - 1, 1)])
def test_what_is_short_or_constant_has_none(values: list[float]) -> None:
    assert not change_points(values)


def test_the_same_series_gives_the_same_answer() -> None:
    values = noise(30, 4) + [value - 0.004 for value in noise(30, 5)]
    assert change_points(values) == change_points(values)
