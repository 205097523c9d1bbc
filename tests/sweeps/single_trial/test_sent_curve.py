"""Reports come back from the digits of one number, which any reader of numbers takes for one."""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialReported, TrialState
from morphogenetic_engine.sweeps.single_trial.metric_lines import CurveLines
from morphogenetic_engine.sweeps.single_trial.sent_curve import SentCurve, curve_digits, curve_of_digits

METRICS = ["loss", "val/acc"]
finite = st.floats(allow_nan=False, allow_infinity=False)
curves = st.dictionaries(
    st.integers(0, 10**9), st.dictionaries(st.sampled_from(METRICS), finite, min_size=1), max_size=50
)
states = st.sampled_from([TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED])


@given(state=states, curve=curves)
def test_reports_come_back_digit_by_digit(state: TrialState, curve: dict[int, dict[str, float]]) -> None:
    written = curve_digits(SentCurve(state, curve), METRICS)
    assert curve_of_digits(written, METRICS) == SentCurve(state, curve)
    assert math.isfinite(float(written)) and set(written) <= set("0123456789.")


@given(curve=curves.filter(bool), cut=st.integers(0, 40))
def test_digits_that_were_cut_are_told(curve: dict[int, dict[str, float]], cut: int) -> None:
    written = curve_digits(SentCurve(TrialState.COMPLETE, curve), METRICS)
    with pytest.raises(SweepError, match="^trial_curve: holds no reports of a trial"):
        curve_of_digits(written[: min(cut, len(written) - 18)], METRICS)


@pytest.mark.parametrize("written", ["", "0", "3.00000000000000000", "0.99999999999999999", "unavailable", "nan"])
def test_other_numbers_are_no_reports(written: str) -> None:
    with pytest.raises(SweepError, match="^trial_curve: holds no reports"):
        curve_of_digits(written, METRICS)


def _lines(reports: int) -> dict[str, str]:
    file = io.StringIO()
    lines = CurveLines(file, ["loss"], {}, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    for step in range(reports):
        lines(TrialReported(0.0, 4, 0, step, {"loss": 1 / (step + 3), "other": 1.0}))
    lines(TrialEnded(0.0, 4, 0, TrialState.PRUNED, 1.0, {"loss": 0.1}))
    words = [line.split(" ")[1].partition("=") for line in file.getvalue().splitlines()]
    return {name: value for name, _, value in words}


def test_a_trial_tells_at_its_end_how_it_ended_and_what_it_reported() -> None:
    told = _lines(3)
    curve = {0: {"loss": 1 / 3}, 1: {"loss": 1 / 4}, 2: {"loss": 1 / 5}}
    assert told["trial_steps"] == "3"
    assert curve_of_digits(told["trial_curve"], ["loss"]) == SentCurve(TrialState.PRUNED, curve)


def test_more_reports_than_katib_keeps_are_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    told = _lines(5000)
    assert told["trial_steps"] == "5000"
    assert curve_of_digits(told["trial_curve"], ["loss"]) == SentCurve(TrialState.PRUNED, {})
    assert "5000 reports are more than Katib's database keeps of a trial" in caplog.text
