"""A regression is a change that exceeds the tolerance and is significant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.reports.regression.regress import Tolerances, benjamini_hochberg, compare
from morphogenetic_engine.reports.regression.regression_verdict import Change, MetricVerdict, Verdict
from morphogenetic_engine.reports.regression.words import headline
from morphogenetic_engine.sweeps.record.machine import Machine
from tests.reports.regression.nights import MACHINE, measurements, origin, reference

BEFORE = [0.90, 0.91, 0.89, 0.905, 0.895, 0.902, 0.898, 0.9]


def verdict_of(
    accuracies: list[float], seconds: list[float] | None = None, tolerances: Tolerances | None = None
) -> Verdict:
    return compare(origin(), measurements(accuracies, seconds or []), reference(BEFORE, [10.0] * 8), tolerances or {})


def accuracy(verdict: Verdict) -> MetricVerdict:
    return verdict.metrics[0]


def lower(by: float) -> list[float]:
    return [value - by for value in BEFORE]


def test_the_same_values_are_no_change() -> None:
    verdict = verdict_of(BEFORE)
    assert (accuracy(verdict).change, accuracy(verdict).worse_by, accuracy(verdict).p_value) == ("unchanged", 0.0, 1.0)
    assert verdict.compares_objectives and not verdict.regressions


def test_a_drop_of_two_points_at_eight_seeds_is_a_regression() -> None:
    found = accuracy(verdict_of(lower(0.02)))
    assert found.change is Change.REGRESSION
    assert found.worse_by == pytest.approx(0.02)
    assert found.interval is not None and found.interval[0] < 0.02 < found.interval[1]


def test_a_rise_is_an_improvement_and_no_alarm() -> None:
    verdict = verdict_of(lower(-0.02))
    assert accuracy(verdict).change is Change.IMPROVEMENT
    assert not verdict.regressions


def test_a_change_within_the_tolerance_is_none_however_certain() -> None:
    certain = accuracy(verdict_of(lower(0.02), tolerances={"val_acc": 0.03}))
    assert certain.corrected_p is not None and certain.corrected_p < 0.01
    assert certain.change is Change.UNCHANGED


def test_a_large_change_that_may_be_chance_is_none() -> None:
    assert accuracy(verdict_of([0.5, 0.93, 0.92, 0.91, 0.9, 0.9, 0.9, 0.9])).change is Change.UNCHANGED


def test_three_seeds_are_not_enough_for_a_verdict() -> None:
    short = compare(origin(), measurements(lower(0.5)[:2]), reference(BEFORE[:3]), {})
    assert accuracy(short).change is Change.NOT_COMPARED
    assert accuracy(short).why == "not enough seeds: 2 and 3 values cannot be told apart"
    assert not short.compares_objectives


def test_one_value_tonight_can_be_judged_by_many_and_has_no_interval() -> None:
    before = [0.9 + n / 10_000 for n in range(40)]
    found = accuracy(compare(origin(), measurements([0.5]), reference(before), {}))
    assert (found.change, found.interval) == (Change.REGRESSION, None)
    assert found.p_value == pytest.approx(2 / 41)


def test_what_one_side_lacks_is_said_to_be_missing_there() -> None:
    here = compare(origin(), measurements(BEFORE), reference(BEFORE, [10.0] * 8), {})
    there = compare(origin(), measurements(BEFORE, [10.0] * 8), reference(BEFORE), {})
    assert [each.metrics[1].why for each in (here, there)] == ["it was not measured", "the reference has no values"]
    both = measurements(BEFORE, [10.0] * 8)
    more = both.model_copy(update={"metrics": (*both.metrics, both.metrics[0].model_copy(update={"metric": "f1"}))})
    new = compare(origin(), more, reference(BEFORE, [10.0] * 8), {})
    assert new.metrics[2].why == "the reference does not have it" and not new.compares_objectives


def test_times_are_compared_on_like_machines_only() -> None:
    slower = [15.0 + index / 10 for index in range(8)]
    here = verdict_of(BEFORE, slower)
    assert here.metrics[1].change is Change.REGRESSION
    other = Machine(system="Linux", processor="another one", cores=4)
    there = compare(origin(machine=other), measurements(BEFORE, slower), reference(BEFORE, [10.0] * 8), {})
    assert there.metrics[1].change is Change.NOT_COMPARED
    assert there.metrics[1].why == ("another machine: its processor is another one, that of the reference a processor")
    assert there.compares_objectives
    unknown = compare(origin(machine=None), measurements(BEFORE, slower), reference(BEFORE, [10.0] * 8), {})
    assert unknown.metrics[1].change is Change.NOT_COMPARED


def test_a_machine_knows_what_is_different() -> None:
    assert MACHINE.difference(MACHINE) == ""
    assert "cores is 8" in MACHINE.model_copy(update={"cores": 8}).difference(MACHINE)


@pytest.mark.parametrize(
    ("tolerances", "message"),
    [
        ({"val_ac": 0.1}, "did you mean 'val_acc'"),
        ({"val_acc": -1.0}, "must be >= 0"),
        ({"val_acc": np.nan}, "must be"),
    ],
)
def test_a_tolerance_for_nothing_is_an_error(tolerances: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        verdict_of(BEFORE, tolerances=tolerances)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_the_correction_is_that_of_scipy(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(false_discovery_control(p_values).tolist())


def test_runs_that_failed_are_said_beside_the_values_of_the_others() -> None:
    found = measurements([0.9] * 8)
    some = compare(origin("tonight"), found.model_copy(update={"failed": 3}), reference([0.9] * 8), {})
    assert headline(some).endswith("; 3 of 11 runs with fresh seeds failed and have no value")
    assert "failed" not in headline(compare(origin("tonight"), found, reference([0.9] * 8), {}))


def test_the_verdict_survives_the_trip_through_its_file() -> None:
    verdict = verdict_of(lower(0.02), [12.0] * 8)
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
