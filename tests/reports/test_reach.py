"""Reports of sweeps whose metrics come near the largest and the smallest floats."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from morphogenetic_engine.cli.summary_view import print_summary
from morphogenetic_engine.reports.contenders import contend
from morphogenetic_engine.reports.importance import Method
from morphogenetic_engine.reports.page import page
from morphogenetic_engine.reports.reach import DRAWN_IN, REACH, within_reach
from morphogenetic_engine.reports.summary import SweepSummary, summarize
from morphogenetic_engine.sweeps.events import TrialState
from morphogenetic_engine.sweeps.results import Confirmation, Replicate, SweepResult, TrialRecord
from morphogenetic_engine.trial import Value
from tests.reports.sweeps import sweep, trial

COUNT = 24
LARGEST = 1.7976931348623157e308
SPACE = {"x": {"low": 0.0, "high": 1.0}, "kind": ["a", "b", "c"]}
any_values = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=COUNT, max_size=COUNT)


def swept(values: Sequence[float]) -> SweepResult:
    """A sweep with these values everywhere: objectives, curves, replicates, confirmations."""
    trials: list[TrialRecord] = []
    for number, value in enumerate(values):
        params: dict[str, Value] = {"x": 0.5 if number == 0 else number / COUNT, "kind": "abc"[number % 3]}
        record = trial(number, params, value, curve=values[number : number + 3], loss=-value)
        if number < 2:
            for index, fresh in enumerate(values[number : number + 8]):
                record.confirmations[index] = Confirmation(index, TrialState.COMPLETE, {"val_acc": fresh}, 1.0)
        trials.append(record)
    return sweep(trials, SPACE)


def numbers_of(summary: SweepSummary) -> list[float]:
    verdict, best = summary.verdict, summary.best[0]
    assert verdict is not None and verdict.against_runner_up is not None
    compared = verdict.against_runner_up
    found = [compared.difference, compared.low, compared.high, compared.p, best.value, *best.curve]
    found += [each.linear for each in summary.correlations.associations]
    found += [share for each in summary.importance for shown in each.parameters for share in (shown.share, shown.low)]
    return [number for number in found if number is not None]


@settings(max_examples=15, deadline=None)
@given(values=any_values)
def test_whatever_floats_the_metrics_are_the_report_is_written_with_numbers(values: list[float]) -> None:
    result = swept(values)
    summary = summarize(result, methods=("PED-ANOVA",))
    assert all(map(math.isfinite, numbers_of(summary)))
    written = page(result, summary)
    assert not re.search(r'\b(?:[xyd]|[xyc][xy12]|points|width|height)="[^"]*(?:nan|inf)', written)
    embedded = written.split('id="data">')[1].split("</script>")[0]
    json.loads(embedded, parse_constant=pytest.fail)
    print_summary(Console(file=io.StringIO(), width=100), summary, summary.best, "best")


@pytest.mark.parametrize("method", ["PED-ANOVA", "fANOVA"])
@pytest.mark.parametrize("scale", [LARGEST, 1e-200, 5e-322])
def test_importance_and_correlation_do_not_depend_on_the_scale(method: Method, scale: float) -> None:
    values = [(number * 7 % COUNT) / COUNT for number in range(COUNT)]
    trials = [trial(n, {"x": value, "kind": "abc"[n % 3]}, value * scale) for n, value in enumerate(values)]
    summary = summarize(sweep(trials, {"x": {"low": 0.0, "high": 1.0}, "kind": ["a", "b", "c"]}), methods=(method,))
    strongest = summary.importance[0].parameters[0]
    assert strongest.parameter == "x" and strongest.share > 0.6
    together = summary.correlations.between("x", "val_acc")
    assert together is not None and together.rank == pytest.approx(1, abs=0.02)


def test_values_out_of_reach_keep_their_order_and_it_is_said() -> None:
    values = [1e308, 1.2e308, LARGEST, -LARGEST, -1e301, 3.0]
    result = sweep([trial(n, {"x": n / 9}, value) for n, value in enumerate(values)], {"x": {"low": 0.0, "high": 1.0}})
    near = within_reach(result)
    assert [each.number for each in near.ranked] == [each.number for each in result.ranked]
    assert all(REACH <= abs(each.metrics["val_acc"]) <= 10 * REACH for each in near.trials[:5])
    assert near.trials[5] is result.trials[5]
    assert DRAWN_IN in summarize(result).findings[0]


def test_a_sweep_within_reach_is_left_as_it_is() -> None:
    result = swept([REACH, -REACH, 0.0, *map(float, range(COUNT - 3))])
    assert within_reach(result) is result
    assert DRAWN_IN not in summarize(result, methods=("PED-ANOVA",)).findings[0]


def test_replicates_out_of_reach_are_drawn_in_too() -> None:
    record = trial(0, {"x": 0.5}, 1.0)
    record.replicates[0] = Replicate(7, {"val_acc": LARGEST}, 1.0, {0: {"val_acc": -LARGEST}})
    (near,) = within_reach(sweep([record], {"x": {"low": 0.0, "high": 1.0}})).trials
    replicate = near.replicates[0]
    assert replicate.metrics["val_acc"] < 10 * REACH and replicate.curve[0]["val_acc"] > -10 * REACH


def test_trials_out_of_reach_are_compared() -> None:
    result = swept([LARGEST, -LARGEST] * (COUNT // 2))
    found = contend({"one": result}, ["one:0", "one:1"])
    assert math.isfinite(found.comparisons[0].difference)
