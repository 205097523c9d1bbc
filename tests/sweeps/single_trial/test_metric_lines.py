"""Metric lines, parsed by Katib's own regular expression and time format."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.metric_names import decoded
from morphogenetic_engine.sweeps.record.events import ReplicateEnded, TrialEnded, TrialReported, TrialState
from morphogenetic_engine.sweeps.single_trial.metric_lines import ALL_REPORTS, CollectorLines, MetricLines, is_kept

KATIB_FILTER = re.compile(r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)")
"""The default filter of pkg/metricscollector/v1beta1/common/const.go."""
STOPPED_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)


def read(line: str) -> tuple[datetime, list[tuple[str, float]]]:
    """Reads a line as the collector does: the first word is the time, every match a metric."""
    moment = datetime.strptime(line.split(" ")[0], "%Y-%m-%dT%H:%M:%S.%fZ")
    return moment, [(match[1], float(match[2])) for match in KATIB_FILTER.finditer(line)]


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_/.@\[][A-Za-z0-9_/.@ :=-]{0,8}[A-Za-z0-9_-]", fullmatch=True),
        st.floats(allow_nan=False, allow_infinity=False),
        max_size=4,
    )
)
def test_katib_reads_the_very_numbers_each_from_a_line_of_its_own(metrics: dict[str, float]) -> None:
    file = io.StringIO()
    MetricLines(file)(TrialReported(0.0, 0, 0, 1, metrics))
    lines = [read(line) for line in file.getvalue().splitlines()]
    assert [(decoded(name), value) for _, ((name, value),) in lines] == list(metrics.items())


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


MOST_ROWS = 65_535 // 4
"""PostgreSQL takes 65,535 placeholders a statement; Katib's database manager inserts all values with one, four each."""


def collected(*events: TrialReported | ReplicateEnded | TrialEnded) -> list[str]:
    """Returns the values that the collector's file holds after some events, each as name=value."""
    file = io.StringIO()
    lines = CollectorLines(file, ("acc", "loss"))
    for event in events:
        lines(event)
    return [line.split()[1] for line in file.getvalue().splitlines()]


def test_only_the_objective_is_told_to_katib_while_a_trial_runs_and_the_rest_once() -> None:
    reports = [TrialReported(0.0, 0, 0, step, {"acc": step / 10, "loss": 0.9, "other": 1.0}) for step in (1, 2)]
    end = TrialEnded(0.0, 0, 0, TrialState.COMPLETE, 1.0, {"other": 3.0, "loss": 0.25, "acc": 0.2})
    assert collected(*reports, end) == ["acc=0.1", "acc=0.2", "acc=0.2", "loss=0.25"]


def test_a_pruned_trial_has_its_secondary_metrics_and_no_report_twice() -> None:
    end = TrialEnded(0.0, 0, 0, TrialState.PRUNED, 1.0, {"acc": 0.1, "loss": 0.9})
    assert collected(TrialReported(0.0, 0, 0, 1, {"acc": 0.1, "loss": 0.9}), end) == ["acc=0.1", "loss=0.9"]
    assert collected(end) == ["acc=0.1", "loss=0.9"], "reports of a replicate are not told"


def test_a_report_without_the_objective_is_not_told() -> None:
    assert not collected(TrialReported(0.0, 0, 0, 1, {"loss": 0.9}))


def test_the_last_report_is_told_also_where_reports_are_thinned() -> None:
    reports = [TrialReported(0.0, 0, 0, step, {"acc": float(step)}) for step in range(1, ALL_REPORTS + 6)]
    end = TrialEnded(0.0, 0, 0, TrialState.PRUNED, 1.0, {"acc": ALL_REPORTS + 5.0})
    told = collected(*reports, end)
    assert told[-2:] == [f"acc={ALL_REPORTS}.0", f"acc={ALL_REPORTS + 5}.0"]


@given(st.integers(1, 10**12))
def test_however_many_reports_there_are_katibs_database_takes_them(reports: int) -> None:
    """Counts per doubling: testing each of a trillion numbers would take a while."""
    kept, first = min(reports, ALL_REPORTS), ALL_REPORTS
    while first < reports:
        step = next(1 << power for power in range(64) if is_kept(first + (1 << power)))
        assert is_kept(first + 2 * step) and not is_kept(first + step + 1)
        kept += (min(reports, 2 * first) - first) // step
        first *= 2
    assert kept + 100 < MOST_ROWS


def test_the_first_reports_are_all_told() -> None:
    """The median stop counts them."""
    assert all(map(is_kept, range(1, ALL_REPORTS + 1)))
