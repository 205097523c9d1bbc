"""The metrics files: the values of the best trial, and of sweeps without one."""

from __future__ import annotations

import json
from pathlib import Path

from morphogenetic_engine.reports.formats.metrics_files import write_metrics
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.conftest import StartSweep


def test_the_best_trial_is_shown(start: StartSweep, tmp_path: Path) -> None:
    folder = start("experiment: {workload: 'toy:quadratic'}\nparameters: {x: [5, 0.5, 3]}\n")
    run_sweep(folder)
    metrics, curve = (path.read_text(encoding="utf-8") for path in write_metrics(ReportedSweep(folder), tmp_path))
    shown = json.loads(metrics)
    assert shown["trials"] == {"complete_trials": 3}
    rows = (folder.path / "trials.csv").read_text(encoding="utf-8").splitlines()
    assert shown["best_trial"] in {0, 1, 2} and len(rows) == 4
    header, *steps = curve.splitlines()
    assert header.split(",")[0] == "step" and "val_acc" in header and steps


def test_a_sweep_without_a_complete_trial_has_counts_alone(start: StartSweep, tmp_path: Path) -> None:
    folder = start("experiment: {workload: 'toy:quadratic'}\nparameters: {x: [5, 0.5]}\n")
    metrics, curve = (path.read_text(encoding="utf-8") for path in write_metrics(ReportedSweep(folder), tmp_path))
    assert json.loads(metrics) == {"trials": {}}
    assert curve == "step\n"
