"""The updating cell of a notebook: its contents, and that texts of a sweep are escaped."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.monitor.display.notebook import in_notebook, progress_html
from morphogenetic_engine.monitor.display.progress import SweepProgress
from morphogenetic_engine.sweeps.config_file import config_from
from morphogenetic_engine.sweeps.record.events import (
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.start import start_sweep

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def progress(workplace: Path) -> SweepProgress:
    written = {"experiment": {"workload": "toy:quadratic"}, "parameters": {"kind": [EVIL, "b"]}}
    folder = start_sweep(config_from(written, where="sweep()"), results=workplace / "results", sweep_id="one")
    return SweepProgress(read_result(folder), 2)


def test_it_says_how_far_the_sweep_is(progress: SweepProgress) -> None:
    assert "0 of 2 trials" in progress_html(progress)
    progress(SessionStarted(0.0, 1, "host", "0", 1))
    progress(TrialStarted(0.0, 0, 0, 0, 5, {"kind": "b"}))
    progress(TrialReported(0.0, 0, 0, 7, {"val_acc": 0.125}))
    running = progress_html(progress)
    assert "0.125" in running and ">7<" in running
    progress(TrialEnded(0.0, 0, 0, TrialState.COMPLETE, 1.5, {"val_acc": 0.75}))
    ended = progress_html(progress)
    assert "1 of 2 trials" in ended and "1 complete" in ended and "<b>0.75</b>" in ended and "width:50.0%" in ended


def test_texts_of_the_sweep_are_escaped(progress: SweepProgress) -> None:
    progress(SessionStarted(0.0, 1, "host", "0", 1))
    progress(TrialStarted(0.0, 0, 0, 0, 5, {"kind": EVIL}))
    progress(TrialEnded(0.0, 0, 0, TrialState.COMPLETE, 1.5, {"val_acc": 0.75}))
    progress(TrialStarted(0.0, 1, 0, 0, 5, {"kind": EVIL}))
    shown = progress_html(progress)
    assert "<img" not in shown and "&lt;img" in shown


def test_a_test_is_no_notebook() -> None:
    assert not in_notebook()
