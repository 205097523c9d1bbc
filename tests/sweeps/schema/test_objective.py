"""The order of two objectives, by their direction, and the limits of metrics."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from morphogenetic_engine.sweeps.schema.objective import (
    Direction,
    OutcomeLimit,
    broken_limits,
    broken_text,
    excesses_of,
    violation_of,
)


@pytest.mark.parametrize(("direction", "better"), [(Direction.MAXIMIZE, 2.0), (Direction.MINIMIZE, 1.0)])
def test_better_is_strictly_better_in_the_direction(direction: Direction, better: float) -> None:
    worse = 3.0 - better
    assert direction.better(better, worse)
    assert not direction.better(worse, better)
    assert not direction.better(better, better)
    assert direction.sign * better > direction.sign * worse


def _limits(written: dict[str, dict[str, float]]) -> dict[str, OutcomeLimit]:
    return {metric: OutcomeLimit.model_validate(each) for metric, each in written.items()}


@pytest.mark.parametrize(
    ("limit", "value", "broken"),
    [
        ({"max": 20}, 20.0, None),
        ({"max": 20}, 20.5, "20.5 > 20"),
        ({"min": 0.5}, 0.5, None),
        ({"min": 0.5}, 0.25, "0.25 < 0.5"),
        ({"min": 0, "max": 1}, -1.0, "-1 < 0"),
        ({"min": 0, "max": 1}, 2.0, "2 > 1"),
    ],
)
def test_a_limit_is_broken_beyond_it_and_not_at_it(limit: dict[str, float], value: float, broken: str | None) -> None:
    limits = _limits({"latency": limit})
    assert broken_limits(limits, {"latency": value}) == ({} if broken is None else {"latency": broken})
    assert (violation_of(limits, {"latency": value}) > 0) == (broken is not None)


def test_the_violation_is_in_units_of_the_limits_so_that_those_of_several_metrics_add_up() -> None:
    limits = _limits({"latency": {"max": 20}, "accuracy": {"min": 0.5}})
    assert violation_of(limits, {"latency": 30.0, "accuracy": 0.25}) == pytest.approx(0.5 + 0.5)
    assert violation_of(limits, {"latency": 10.0, "accuracy": 0.25}) == pytest.approx(0.5)


def test_a_metric_that_is_not_known_yet_breaks_nothing() -> None:
    limits = _limits({"latency": {"max": 20}})
    assert excesses_of(limits, {}) == {"latency max": 0.0}
    assert not broken_limits(limits, {}) and not broken_text(limits, None)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "needs min or max"),
        ({"min": 2, "max": 1}, "must be <= max"),
        ({"max": "fast"}, "valid number"),
        ({"least": 1}, "not permitted"),
    ],
)
def test_a_limit_without_an_order_is_refused(written: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        OutcomeLimit.model_validate(written)
