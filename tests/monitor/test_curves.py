"""A running trial's curve stays small, even and current."""

from __future__ import annotations

from morphogenetic_engine.monitor.curves import MOST_POINTS, Curve, Point


def curve_of(steps: range) -> Curve:
    curve = Curve()
    for step in steps:
        curve.add(Point(step, {"loss": float(step)}, 10 * step))
    return curve


def test_a_short_curve_is_whole() -> None:
    assert [point.step for point in curve_of(range(100)).since(-1)] == list(range(100))


def test_a_long_curve_is_thinned_evenly_and_keeps_its_ends() -> None:
    steps = [point.step for point in curve_of(range(100_000)).since(-1)]
    assert MOST_POINTS / 3 < len(steps) <= MOST_POINTS + 1
    assert (steps[0], steps[-1]) == (0, 99_999)
    gaps = {later - earlier for earlier, later in zip(steps[:-1], steps[1:-1])}
    assert max(gaps) <= 2 * min(gaps)


def test_the_points_since_a_byte_are_the_later_ones() -> None:
    assert [point.step for point in curve_of(range(10)).since(70)] == [8, 9]


def test_a_step_that_comes_again_begins_the_rest_anew() -> None:
    curve = curve_of(range(10))
    curve.add(Point(4, {"loss": 0.0}, 1000))
    assert [(point.step, point.offset) for point in curve.since(-1)] == [(0, 0), (1, 10), (2, 20), (3, 30), (4, 1000)]
