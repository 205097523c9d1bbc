"""The seconds that fusing saved go from the workload through the journal to the report, and change no result."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.monitor.view import SweepView
from morphogenetic_engine.reports.export import export
from morphogenetic_engine.reports.summary import ReportedSweep, summarize
from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialPaused
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.tables import steady_rows

Start = Callable[[str], SweepFolder]

HALVING = """
sweep_type: bayesian
experiment: {{workload: "{workload}:train"}}
parameters: {{x: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: 2, fuse: 8}}
optimization: {{n_trials: 12, sampler: Random, strategy: halving, halving: {{full: 9, first_rung: 1}}}}
"""
TELLING = """
import together
from morphogenetic_engine.trial import declare

class Telling:
    def __init__(self, batch):
        self.batch = batch

    def running(self):
        trials = self.batch.running()
        for trial in trials:
            trial.saved({seconds})
        return trials

@declare(fused=lambda batch: together.train_many(Telling(batch)))
def train(params, trial):
    return together.train(params, trial)
"""


@pytest.fixture(autouse=True)
def together(workplace: Path) -> None:
    shutil.copy(Path(__file__).parents[2] / "together.py", workplace / "together.py")


def run(start: Start, workload: str) -> SweepFolder:
    folder = start(HALVING.format(workload=workload))
    run_sweep(folder)
    return folder


def test_the_report_says_what_fusing_saved_and_nothing_else_changes(start: Start, workplace: Path) -> None:
    (workplace / "telling.py").write_text(TELLING.format(seconds=90), encoding="utf-8")
    silent, telling = run(start, "together"), run(start, "telling")
    assert steady_rows(silent) == steady_rows(telling)
    assert b'"saved"' not in silent.journal.read_bytes()
    events = list(read_events(telling.journal))
    paused = [event.saved for event in events if isinstance(event, TrialPaused)]
    ended = [event.saved for event in events if isinstance(event, TrialEnded) and event.duration]
    assert set(paused) == set(ended) == {90.0}
    assert [event.saved for event in events if isinstance(event, TrialEnded) and not event.duration] == [None] * (
        12 - len(ended)
    )
    total = 90.0 * len(paused + ended)
    summary, view = summarize(read_result(telling)), SweepView(telling.read_info())
    for place, event in enumerate(events):
        view.apply(event, place + 1)
    assert view.summary()["fusing_saved"] == summary.cost.fusing_saved == total
    assert summary.to_dict()["cost"]["fusing_saved"] == total  # type: ignore[index]
    minutes = f"about {total // 60:.0f} min"
    assert any(f"fusing saved {minutes}" in line for line in summary.findings)
    pages = [
        export(ReportedSweep(folder), ["html"], workplace / folder.sweep_id)[0].read_text(encoding="utf-8")
        for folder in (silent, telling)
    ]
    assert "saved by fusing" in pages[1] and f"{minutes} " in pages[1] and "saved by fusing" not in pages[0]
    assert summarize(read_result(silent)).cost.fusing_saved is None


def test_seconds_that_are_no_number_fail_the_batch_and_its_trials_run_alone(start: Start, workplace: Path) -> None:
    (workplace / "telling.py").write_text(TELLING.format(seconds="float('nan')"), encoding="utf-8")
    folder = run(start, "telling")
    assert all(trial.reason is not FailureReason.EXCEPTION for trial in read_result(folder).trials)
    assert steady_rows(folder) == steady_rows(run(start, "together"))
