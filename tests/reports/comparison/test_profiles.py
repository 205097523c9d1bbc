"""Performance profiles and their confidence bands."""

from __future__ import annotations

import pytest
from scipy import stats

from morphogenetic_engine.reports.comparison.profiles import profiles_of
from morphogenetic_engine.sweeps.schema.objective import Direction


@pytest.mark.parametrize(
    ("direction", "first", "last"), [(Direction.MAXIMIZE, 1.0, 0.25), (Direction.MINIMIZE, 1.0, 0.25)]
)
def test_a_profile_falls_from_all_runs_to_the_best(direction: Direction, first: float, last: float) -> None:
    (found,) = profiles_of({"one": [1.0, 2.0, 3.0, 4.0]}, direction)
    assert (found.share[0], found.share[-1]) == (first, last)
    assert all(one >= other for one, other in zip(found.share, found.share[1:], strict=False))
    assert all(low <= share <= high for low, share, high in zip(found.low, found.share, found.high, strict=True))


@pytest.mark.parametrize("runs", [1, 2, 7, 40])
def test_the_interval_of_a_profile_is_wilsons(runs: int) -> None:
    (found,) = profiles_of({"one": [float(n) for n in range(runs)]}, Direction.MAXIMIZE)
    for share, low, high in zip(found.share, found.low, found.high, strict=True):
        wanted = stats.binomtest(round(share * runs), runs).proportion_ci(method="wilson")
        assert [low, high] == pytest.approx([wanted.low, wanted.high], abs=1e-12)
        assert 0 <= low and high <= 1


def test_profiles_share_their_thresholds_from_the_worst_of_all_to_the_best() -> None:
    assert not profiles_of({"none": []}, Direction.MAXIMIZE)
    one, two = profiles_of({"one": [1.0, 2.0], "none": [], "two": [3.0, 1e-3]}, Direction.MINIMIZE)
    assert (one.name, one.runs, two.name) == ("one", 2, "two")
    assert one.thresholds == two.thresholds and (one.thresholds[0], one.thresholds[-1]) == (3, 1e-3)
    assert one.thresholds[50] == pytest.approx(3.001 / 2)
    assert (one.share[0], one.share[50], one.share[-1]) == (1, 0.5, 0)
    assert (two.share[0], two.share[50], two.share[-1]) == (1, 0.5, 0.5)


def test_the_last_threshold_is_the_best_however_small_beside_the_worst() -> None:
    (found,) = profiles_of({"one": [1e308, 5e-324]}, Direction.MINIMIZE)
    assert (found.thresholds[-1], found.share[-1]) == (5e-324, 0.5)
