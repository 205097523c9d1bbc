"""Finds lasting changes in a series of numbers: E-divisive with a permutation test.

Matteson and James (2014), "A nonparametric approach for multiple change point analysis of multivariate data", as used
for nightly benchmarks by Hunter (Fleming et al. 2023, arXiv 2301.03034). Deterministic: permutations come from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_LENGTH = 4
"""The minimum of numbers on each side of a change."""
PERMUTATIONS = 499
SIGNIFICANCE = 0.01


@dataclass(frozen=True)
class ChangePoint:
    """A change between one number and the next."""

    index: int
    """The index of the first number after the change."""
    p_value: float


def change_points(values: Sequence[float], *, seed: int = 0, significance: float = SIGNIFICANCE) -> list[ChangePoint]:
    """Returns the changes of a series in order, by dividing it recursively at its clearest significant change."""
    distances = np.abs(np.subtract.outer(np.asarray(values, float), np.asarray(values, float)))
    generator = np.random.default_rng(seed)
    borders = [0, len(values)]
    found: list[ChangePoint] = []
    while True:
        best = max(
            (_split(distances, start, end) for start, end in zip(borders, borders[1:], strict=False)),
            default=_NONE,
        )
        if best[1] < 0:
            return sorted(found, key=lambda point: point.index)
        p_value = _chance(distances, borders, best[0], generator)
        if p_value > significance:
            return sorted(found, key=lambda point: point.index)
        found.append(ChangePoint(best[1], p_value))
        borders = sorted([*borders, best[1]])


_Split = tuple[float, int]
_NONE: _Split = (-np.inf, -1)


def _split(distances: NDArray[np.float64], start: int, end: int) -> _Split:
    """Returns the largest scaled energy distance between two adjacent parts of a stretch, and their boundary."""
    length = end - start
    if length < 2 * LEAST_LENGTH:
        return _NONE
    sums = distances[start:end, start:end].cumsum(axis=0).cumsum(axis=1)
    left = np.arange(LEAST_LENGTH, length - LEAST_LENGTH + 1)
    right = length - left
    within_left = sums[left - 1, left - 1]
    across = sums[left - 1, -1] - within_left
    within_right = sums[-1, -1] - within_left - 2 * across
    energy = 2 * across / (left * right) - within_left / left**2 - within_right / right**2
    scaled = left * right / length * energy
    at = int(scaled.argmax())
    return float(scaled[at]), start + int(left[at])


def _chance(
    distances: NDArray[np.float64], borders: Sequence[int], statistic: float, generator: np.random.Generator
) -> float:
    """Returns the p-value of a change: the share of permutations within the parts with as clear a change."""
    as_clear = 1
    for _ in range(PERMUTATIONS):
        order = np.concatenate(
            [start + generator.permutation(end - start) for start, end in zip(borders, borders[1:], strict=False)]
        )
        shuffled = distances[np.ix_(order, order)]
        largest = max(_split(shuffled, start, end)[0] for start, end in zip(borders, borders[1:], strict=False))
        as_clear += largest >= statistic * (1 - 1e-12)
    return as_clear / (PERMUTATIONS + 1)
