"""Metric names with any characters: every command and every file shows them unchanged."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import WriteConfig

NAMES = ("val/acc", "val.loss", "test acc@5", "mAP[0.5]", "[/red]", "seed", "metric.seed", "x", "<b>&amp;", "Güte|±")
SWEEP = """\
sweep_type: grid
experiment: {workload: "odd_names:train"}
parameters: {x: [0.1, 0.4, 0.9], kind: ["[/]", "[red]b"]}
execution: {early_stopping: {metric: "mAP[0.5]", patience: 50}}
optimization:
  objectives: [{metric: val/acc}, {metric: "test acc@5", direction: minimize}]
  secondary_metrics: [val.loss, "mAP[0.5]", "[/red]"]
"""
WORKLOAD = f"""\
NAMES = {NAMES!r}

def train(params, trial):
    for step in range(3):
        trial.report(step, {{name: params["x"] * (step + place) for place, name in enumerate(NAMES)}})
    return {{name: params["x"] + place for place, name in enumerate(NAMES)}}
"""


@pytest.fixture(name="results")
def _results(write_config: WriteConfig, command: Command) -> Path:
    Path("odd_names.py").write_text(WORKLOAD, encoding="utf-8")
    file = write_config(SWEEP)
    ran = command(
        "sweep", "run", "--config", str(file.path), "--sweep-id", "odd", "--results", "results", "--parallel", "1"
    )
    assert ran.status == 0, ran.err
    assert "6 complete" in ran.out and "val/acc=" in ran.out
    return Path("results")


def test_every_view_shows_the_names(results: Path, command: Command) -> None:
    shown = command("sweep", "show", "--sweep-id", "odd", "--results", str(results)).out
    assert "val/acc" in shown and "mAP[0.5]" in shown and "[/red]" in shown and "[red]b" in shown
    where = """val/acc > 0.3 and `test acc@5` < 3 and kind = '[/]'"""
    asked = ("report", "summary", "--sweep-id", "odd", "--results", str(results), "--where", where)
    told = command(*asked, "--sort", "test acc@5").out
    assert "maximize val/acc" in told and "Pareto front" in told and "test acc@5" in told
    compared = command("report", "compare", "odd:0", "odd:1", "--metric", "mAP[0.5]", "--results", str(results))
    assert compared.status == 0 and "mAP[0.5]" in compared.out


def test_every_file_has_the_names(results: Path, command: Command) -> None:
    for kind in ("csv", "html", "ipynb", "parquet"):
        done = command("report", "export", "--sweep-id", "odd", "--results", str(results), "--format", kind)
        assert done.status == 0, done.err
    folder = results / "odd/report"
    trials, steps, table = map(rows, (folder / "trials.csv", folder / "epochs.csv", results / "odd/trials.csv"))
    columns = {"val/acc", "val.loss", "metric.seed", "metric.metric.seed", "metric.x", "x", "seed", "[/red]", "Güte|±"}
    assert columns <= trials[0].keys() and columns <= table[0].keys()
    assert float(trials[0]["val/acc"]) == 0.1 and float(trials[0]["metric.metric.seed"]) == 6.1
    assert len(steps) == 18 and {"val/acc", "seed", "metric.metric.seed"} <= steps[0].keys()
    page = (results / "odd/report.html").read_text(encoding="utf-8")
    assert "val/acc" in page and "mAP[0.5]" in page and "<b>&amp;" not in page


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
