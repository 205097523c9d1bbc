"""Metrics that a sweep file does not name: values that are not finite cost no trial, and their number is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult, read_result
from tests.cli.conftest import Command
from tests.conftest import WriteConfig

FUNCTION = """\
import math

def train(params, trial):
    for step in range(3):  # loss scaling: the first gradient norm overflows, as it often does
        trial.report(step, {"acc": 0.5, "grad_norm": math.inf if step == 0 else 1.0})
    return {"acc": params["x"], "ratio": math.nan, "bonus": 10**400}
"""
PROGRAM = """\
import sys
print(f"x={sys.argv[1]} clip=inf")  # the usual echo of the arguments
for epoch in range(2):
    print(f"epoch={epoch} acc=0.5 grad_norm={'inf' if epoch == 0 else 1.0}")
print("acc=0.25")
"""
SWEEP = """\
experiment: {EXPERIMENT}
parameters: {x: [0.1, 0.9]}
execution: {max_parallel: 1, EXECUTION}
optimization: {target_metric: acc, SECONDARY}
"""


def run(write_config: WriteConfig, command: Command, experiment: str, secondary: str = "", execution: str = "") -> str:
    Path("w.py").write_text(FUNCTION, encoding="utf-8")
    Path("p.py").write_text(PROGRAM, encoding="utf-8")
    text = SWEEP.replace("EXPERIMENT", experiment).replace("SECONDARY", secondary).replace("EXECUTION", execution)
    file = write_config(text)
    return command("sweep", "run", "--config", str(file.path), "--sweep-id", "s", "--results", "results").out


def result() -> SweepResult:
    return read_result(SweepFolder(Path("results/s")))


def test_a_function_s_infinite_side_metrics_are_left_out_and_counted(
    write_config: WriteConfig, command: Command
) -> None:
    told = run(write_config, command, 'workload: "w:train"')
    note = "(grad_norm: 2 values in 2 trials; ratio: 2 values in 2 trials; bonus: 2 values in 2 trials)"
    assert f"note: values that are not finite are left out of metrics that the file does not name {note}" in told
    first = result().trials[0]
    assert first.metrics == {"acc": 0.1} and first.left_out == {"grad_norm": 1, "ratio": 1, "bonus": 1}
    assert [dict(metrics) for metrics in first.curve.values()] == [{"acc": 0.5}, *[{"acc": 0.5, "grad_norm": 1.0}] * 2]
    summary = command("report", "summary", "--sweep-id", "s", "--results", "results").out
    assert f"values that are not finite are left out of metrics that the file does not name {note}" in summary
    assert "grad_norm: 2 values in 2 trials" in Path("results/s/report.html").read_text(encoding="utf-8")


def test_a_program_s_infinite_argument_in_its_output_fails_no_trial(
    write_config: WriteConfig, command: Command
) -> None:
    run(write_config, command, 'command: [python3, p.py, "{x}"]')
    first = result().trials[0]
    assert first.state is TrialState.COMPLETE and first.metrics["acc"] == 0.25
    assert first.left_out == {"grad_norm": 1, "clip": 1}


def test_replicates_leave_out_and_count_too(write_config: WriteConfig, command: Command) -> None:
    run(write_config, command, 'workload: "w:train", replicates: 2')
    first = result().trials[0]
    assert first.metrics == {"acc": 0.1} and first.left_out == {"grad_norm": 2, "ratio": 2, "bonus": 2}


@pytest.mark.parametrize(
    ("secondary", "execution", "message"),
    [
        ("secondary_metrics: [ratio]", "", "metric ratio must be finite, but got nan"),
        ("", "early_stopping: {metric: grad_norm, patience: 5}", "metric grad_norm must be finite, but got inf"),
    ],
)
def test_a_metric_that_the_file_names_must_be_finite(
    write_config: WriteConfig, command: Command, secondary: str, execution: str, message: str
) -> None:
    run(write_config, command, 'workload: "w:train"', secondary, execution)
    assert [trial.message for trial in result().trials] == [message, message]
