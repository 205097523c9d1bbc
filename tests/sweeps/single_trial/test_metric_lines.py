"""Metric lines as Katib's own regular expression and time rules read them."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.record.events import ReplicateEnded, TrialEnded, TrialReported, TrialState
from morphogenetic_engine.sweeps.single_trial.metric_lines import MetricLines

KATIB_FILTER = re.compile(r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)")
"""The default filter of pkg/metricscollector/v1beta1/common/const.go."""
STOPPED_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)


def read(line: str) -> tuple[datetime, list[tuple[str, float]]]:
    """Read a line as the collector does: the first word is the time, every match a metric."""
    moment = datetime.strptime(line.split(" ")[0], "%Y-%m-%dT%H:%M:%S.%fZ")
    return moment, [(match[1], float(match[2])) for match in KATIB_FILTER.finditer(line)]


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True),
        st.floats(allow_nan=False, allow_infinity=False),
        max_size=4,
    )
)
def test_katib_reads_the_very_numbers_each_from_a_line_of_its_own(metrics: dict[str, float]) -> None:
    file = io.StringIO()
    MetricLines(file)(TrialReported(0.0, 0, 0, 1, metrics))
    lines = [read(line) for line in file.getvalue().splitlines()]
    assert [found for _, (found,) in lines] == list(metrics.items())


def test_no_two_lines_have_the_same_time_even_when_the_clock_stands_still() -> None:
    file = io.StringIO()
    lines = MetricLines(file, clock=lambda: STOPPED_CLOCK)
    for step in range(3):
        lines(TrialReported(0.0, 0, 0, step, {"loss": 0.5, "acc": 0.1}))
    moments = [read(line)[0] for line in file.getvalue().splitlines()]
    assert moments == sorted(set(moments)) and len(moments) == 6


def test_the_last_line_of_a_complete_trial_is_its_result() -> None:
    file = io.StringIO()
    lines = MetricLines(file)
    lines(TrialReported(0.0, 0, 0, 1, {"loss": 0.1}))
    lines(TrialEnded(0.0, 0, 0, TrialState.COMPLETE, 1.0, {"loss": 0.3}))
    lines(TrialEnded(0.0, 0, 0, TrialState.PRUNED, 1.0, {"loss": 0.9}))
    assert [line.split()[1] for line in file.getvalue().splitlines()] == ["loss=0.1", "loss=0.3"]


def test_with_replicates_a_line_is_a_replicate() -> None:
    file = io.StringIO()
    lines = MetricLines(file)
    lines(TrialReported(0.0, 0, 0, 1, {"loss": 0.1}, replicate=0))
    lines(ReplicateEnded(0.0, 0, 0, 0, 7, {"loss": 0.2}, 1.0))
    assert [line.split()[1] for line in file.getvalue().splitlines()] == ["loss=0.2"]
