"""Pairs of parameters that matter together, against the analysis of variance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from morphogenetic_engine.reports.analysis.interactions import MOST_PARAMETERS, interactions_of
from tests.reports.sweeps import sweep, trial


def test_two_parameters_that_matter_together_are_found() -> None:
    trials, random = [], np.random.default_rng(0)
    for number in range(64):
        a, b = number % 2, number // 2 % 2
        noise = float(random.normal()) / 10
        trials.append(trial(number, {"a": bool(a), "b": bool(b), "c": number // 4 % 2 == 0}, (a == b) + noise))
    first, *others = interactions_of(sweep(trials, {name: [True, False] for name in "abc"}))
    assert ({first.one, first.other}, first.clear) == ({"a", "b"}, True)
    assert first.gain is not None and first.gain > 0.5
    assert not any(each.clear for each in others)
    assert first.trials == ((16, 16), (16, 16))


def test_two_parameters_that_add_up_do_not_interact() -> None:
    trials = [trial(n, {"a": n % 2, "b": n // 2 % 2}, n % 2 + 3 * (n // 2 % 2) + n / 100) for n in range(40)]
    (found,) = interactions_of(sweep(trials, {"a": [0, 1], "b": [0, 1]}))
    assert not found.clear


@pytest.mark.parametrize(
    ("effect", "gain", "clear"),
    [(lambda a, b: a + 2 * b, 0, False), (lambda a, b: a, 0, False), (lambda a, b: a ^ b, 1, True)],
    ids=["sum", "one alone", "either or"],
)
def test_without_noise_only_what_does_not_add_up_interacts(
    effect: Callable[[int, int], int], gain: float, clear: bool
) -> None:
    trials = [trial(n, {"a": n % 2, "b": n // 2 % 2}, float(effect(n % 2, n // 2 % 2))) for n in range(40)]
    (found,) = interactions_of(sweep(trials, {"a": [0, 1], "b": [0, 1]}))
    assert found.gain == pytest.approx(gain) and found.clear is clear


def test_an_interaction_is_that_of_the_analysis_of_variance_of_the_ranks() -> None:
    values = np.random.default_rng(5).permutation(40)
    trials = [trial(n, {"a": n % 2, "b": n // 2 % 2}, float(value)) for n, value in enumerate(values)]
    (found,) = interactions_of(sweep(trials, {"a": [0, 1], "b": [0, 1]}))
    cells = [(values + 1.0)[np.arange(40) % 4 == cell] for cell in range(4)]  # balanced, ten trials each
    one, two, three, four = (float(cell.mean()) for cell in cells)
    crossed = 10 * (one - two - three + four) ** 2 / 4
    noise = sum(float(((cell - cell.mean()) ** 2).sum()) for cell in cells) / 36
    assert found.p == pytest.approx(stats.f.sf(crossed / noise, 1, 36))
    assert found.gain == pytest.approx(max(0.0, crossed - noise) / (40 * (40**2 - 1) / 12))
    assert found.median == tuple(
        tuple(float(np.median(values[np.arange(40) % 4 == a + 2 * b])) for b in (0, 1)) for a in (0, 1)
    )


def test_the_interaction_of_few_trials_is_not_judged() -> None:
    trials = [trial(n, {"a": n % 2, "b": n // 2}, float(n)) for n in range(4)]
    (found,) = interactions_of(sweep(trials, {"a": [0, 1], "b": [0, 1]}))
    assert (found.gain, found.p, found.clear) == (None, None, False)


def test_of_many_parameters_those_that_explain_most_by_themselves_are_paired() -> None:
    names = [f"p{number}" for number in range(60)]
    random = np.random.default_rng(0)
    points: list[dict[str, bool | int | float | str]] = [
        {name: bool(value) for name, value in zip(names, random.integers(2, size=60), strict=True)} for _ in range(80)
    ]
    trials = [trial(number, point, float(point["p3"]) + number / 1000) for number, point in enumerate(points)]
    found = interactions_of(sweep(trials, {name: [True, False] for name in names}))
    paired = {name for each in found for name in (each.one, each.other)}
    assert len(found) == MOST_PARAMETERS * (MOST_PARAMETERS - 1) // 2
    assert len(paired) == MOST_PARAMETERS and "p3" in paired
