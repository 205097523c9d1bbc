"""Small tables for the Kubeflow UI: their contents, with any text in a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.steps.saying import teller
from morphogenetic_engine.steps.trained.markdown_tables import MOST_STEPS, curve_table, trials_table, write_curves
from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialState
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.conftest import StartSweep
from tests.steps.conftest import parsed


def cells(table: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]


def test_trials_stand_with_the_best_first_and_with_their_names_in_katib(start: StartSweep) -> None:
    folder = start("experiment: {workload: 'toy:nothing'}\nparameters: {x: [1, 3, 2]}\nexecution: {max_parallel: 1}")
    run_sweep(folder)
    heads, _, *rows = cells(trials_table(read_result(folder), {0: "toy-a", 1: "toy-b", 2: "toy-c"}))
    assert heads == ["trial", "in Katib", "state", "val\\_acc", "x"]
    assert rows[0] == ["1", "toy-b", "complete", "3", "3"] and [row[0] for row in rows] == ["1", "2", "0"]
    assert cells(trials_table(read_result(folder), {}))[0] == ["trial", "state", "val\\_acc", "x"]


def test_a_text_with_bars_and_line_ends_stays_in_its_cell(start: StartSweep) -> None:
    folder = start(
        "experiment: {workload: 'toy:moody'}\nparameters: {mood: ['a|b', \"c\\nd\"]}\nexecution: {max_parallel: 1}"
    )
    run_sweep(folder)
    rows = trials_table(read_result(folder), {}).splitlines()
    assert len(rows) == 4 and "a\\|b" in rows[2] and "c d" in rows[3]


def test_a_long_curve_is_shown_in_part_with_its_last_step(tmp_path: Path) -> None:
    curve = {step: {"val_acc": step / 1000} for step in range(1000)}
    write_curves(curve, tmp_path / "curve.csv", tmp_path / "curve.md")
    table = (tmp_path / "curve.md").read_text(encoding="utf-8")
    assert len(cells(table)) - 2 == MOST_STEPS and cells(table)[-1] == ["999", "0.999"]
    assert "Every 20th of 1000 steps" in table and len((tmp_path / "curve.csv").read_text().splitlines()) == 1001


def test_a_workload_that_reports_nothing_has_a_sentence() -> None:
    assert curve_table({}) == "The workload reported no steps.\n"


def test_a_line_of_progress_has_the_objective_first(capsys: pytest.CaptureFixture[str]) -> None:
    config = parsed("experiment: {workload: 'toy:nothing'}\nparameters: {x: [1]}\noptimization: {target_metric: acc}")
    metrics = {"loss": 0.5, "acc": 0.75, "runtime": 1.0}
    teller(config)(TrialEnded(1.0, 3, 0, TrialState.COMPLETE, 1.0, metrics, None, ""))
    assert capsys.readouterr().out == "trial 3: complete acc=0.75 loss=0.5 runtime=1\n"
