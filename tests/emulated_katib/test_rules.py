"""The emulation reproduces the details of Katib's wrapping, parsing and stopping."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.sweeps.record.events import TrialReported
from morphogenetic_engine.sweeps.single_trial.metric_lines import MetricLines
from tests.emulated_katib.collector import NO_TIME, UNAVAILABLE, MetricLog, Observed, collect, observe
from tests.emulated_katib.kubelet import expand
from tests.emulated_katib.median_stop import Rule, Watch, median_rule
from tests.emulated_katib.webhook import trial_job, wrapped


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("loss=0.5", [("loss", "0.5")]),
        ("2026-01-01T00:00:00.5Z loss = -1e-05", [("loss", "-1e-05")]),
        ("val/loss=0.3", [("loss", "0.3")]),
        ("loss: 0.5", []),
        ("loss==0.5", [("loss", "")]),
        ("loss=nan", [("loss", "")]),
        ("epoch=3 acc=0.9", []),
        ("epoch=3 loss=0.9", [("loss", "0.9")]),
    ],
)
def test_lines_are_read_as_katib_reads_them(line: str, found: list[tuple[str, str]]) -> None:
    logs = collect(line, ["loss"])
    assert [(log.name, log.value) for log in logs] == (found or [("loss", UNAVAILABLE)])


def test_a_time_counts_as_the_first_word_only() -> None:
    times = [
        collect(line, ["loss"])[0].time for line in ("2026-01-01T00:00:00Z loss=1", "at 2026-01-01T00:00:00Z loss=1")
    ]
    assert times == ["2026-01-01T00:00:00Z", NO_TIME]


def test_the_latest_is_the_last_in_time_and_of_equal_times_the_last_in_the_log() -> None:
    late, early = "2026-01-01T00:00:00.2Z", "2026-01-01T00:00:00.1Z"
    logs = [MetricLog(late, "a", "2.50"), MetricLog(early, "a", "9"), MetricLog(late, "a", "0.1")]
    assert observe(logs, ["a", "b"]) == {"a": Observed("0.1", "9", "0.1"), "b": Observed()}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_number_that_a_trial_reports_is_read_back_exactly(values: list[float]) -> None:
    log = io.StringIO()
    lines = MetricLines(log)
    for step, value in enumerate(values):
        lines(TrialReported(time=0.0, trial=0, attempt=0, step=step, metrics={"val_acc": value, "loss": -value}))
    logs = collect(log.getvalue(), ["val_acc", "loss"])
    assert [float(each.value) for each in logs] == [signed for value in values for signed in (value, -value)]
    assert len({each.time for each in logs}) == len(logs)
    assert NO_TIME not in {each.time for each in logs}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$$$$.pid", "$$.pid"),
        ("$(head -n 1 /a/$$.pid)", "$(head -n 1 /a/$$.pid)"),
        ("$(NAME) $$(NAME) $NAME $(OTHER", "here $(NAME) $NAME $(OTHER"),
        ("ends with $", "ends with $"),
    ],
)
def test_the_kubelet_expands_variables(text: str, expanded: str) -> None:
    assert expand(text, {"NAME": "here"}) == expanded


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["sh", "-c", "a; b"], (["sh", "-c"], "a; b 1>/m/x.log 2>&1 && echo completed > /m/$$$$.pid")),
        (["/bin/sh", "-c", "a"], (["sh", "-c"], "/bin/sh -c a 1>/m/x.log 2>&1 && echo completed > /m/$$$$.pid")),
        (["bash", "-c", "a", "b"], (["bash", "-c"], "a b 1>/m/x.log 2>&1 && echo completed > /m/$$$$.pid")),
    ],
)
def test_the_webhook_joins_words_and_knows_two_shells(command: list[str], line: tuple[list[str], str]) -> None:
    assert wrapped({"command": command}, "StdOut", "/m/x.log", stops=False) == (line[0], [line[1]])


def test_values_are_put_in_as_text() -> None:
    template = {"trialParameters": [{"name": "n", "reference": "x"}], "trialSpec": {"args": ["${trialParameters.n}"]}}
    experiment = {"spec": {"trialTemplate": template}}
    assert trial_job(experiment, {"x": "1e-05"}, "t", "ns")["args"] == ["1e-05"]
    with pytest.raises(ValueError, match="Expecting"):
        trial_job(experiment, {"x": '"'}, "t", "ns")
    with pytest.raises(ValueError, match="are assigned"):
        trial_job(experiment, {}, "t", "ns")


def logs_of(*values: float) -> list[MetricLog]:
    return [MetricLog(f"2026-01-01T00:00:00.{n}Z", "acc", str(value)) for n, value in enumerate(values)]


def test_the_median_is_a_mean_over_enough_trials() -> None:
    settings = {"min_trials_required": "3", "start_step": "2"}
    trials = [logs_of(1, 1, 5), logs_of(1), logs_of(50, 150)]
    assert median_rule(trials, "acc", "maximize", settings) == Rule("acc", "34.0", "less", 2)
    assert median_rule(trials[:2], "acc", "maximize", settings) is None


@pytest.mark.parametrize(
    ("values", "stopped_at"),
    [([0.1, 0.2, 0.3], 1), ([0.9, 0.1, 0.1], None), ([0.1, 0.6, 0.1, 0.1], None)],
)
def test_a_rule_is_looked_at_once_with_the_best_so_far(values: list[float], stopped_at: int | None) -> None:
    watch = Watch([Rule("acc", "0.5", "less", 2)], "acc", "maximize")
    answers = [watch.line(f"acc={value}") for value in values]
    assert (answers.index(True) if True in answers else None) == stopped_at


def test_a_line_that_holds_no_number_ends_the_collector() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        Watch([Rule("acc", "0.5", "less", 2)], "acc", "maximize").line("acc=nan")
