"""The live panel and the plain lines, drawn from real events."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.monitor.display.progress import SweepProgress
from morphogenetic_engine.monitor.display.terminal import Panel, display
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    Event,
    SessionStarted,
    TrialEnded,
    TrialInterrupted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result

EVENTS: list[Event] = [
    SessionStarted(0.0, 1, "host", "0", 2),
    TrialStarted(0.0, 0, 0, 0, 5, {"x": 0.25}),
    TrialStarted(0.0, 1, 0, 1, 6, {"x": 0.5}),
    TrialReported(0.0, 0, 0, 7, {"val_acc": 0.125}),
    AttemptFailed(0.0, 1, 0, FailureReason.KILLED, "the worker process died"),
    TrialStarted(0.0, 1, 1, 1, 6, {"x": 0.5}),
]
ENDS: list[Event] = [
    TrialEnded(0.0, 1, 1, TrialState.COMPLETE, 1.5, {"val_acc": 0.75}),
    TrialEnded(0.0, 0, 0, TrialState.FAILED, 2.0, reason=FailureReason.TIMEOUT, message="ran longer than 2 s"),
    TrialStarted(0.0, 2, 0, 0, 7, {"x": 0.75}),
    TrialInterrupted(0.0, 2, 0),
]


@pytest.fixture
def progress(start: Callable[[str], SweepFolder]) -> SweepProgress:
    folder = start('experiment: {workload: "toy:nothing"}\nparameters: {x: [0.25, 0.5, 0.75]}')
    return SweepProgress(read_result(folder), 3)


def test_the_panel_shows_workers_their_epochs_the_best_and_the_failures(progress: SweepProgress) -> None:
    console = Console(force_terminal=True, width=120, file=io.StringIO(), record=True)
    with display(progress, console) as observer:
        for event in EVENTS:
            observer(event)
        console.print(Panel(progress))
        running = console.export_text()
        for event in ENDS:
            observer(event)
        console.print(Panel(progress))
    ended = console.export_text()
    assert "0/3" in running and "best   none yet" in running
    assert any(line.split()[:6] == ["0", "0", "00:00", "7", "0.125", "x=0.25"] for line in running.splitlines())
    assert "best   val_acc 0.75  trial 1  x=0.5" in ended
    assert "1 complete  1 failed  (1 timeout)  1 retried" in ended
    assert "2/3" in ended


def test_plain_lines_say_one_thing_each(progress: SweepProgress) -> None:
    printed = io.StringIO()
    with display(progress, Console(file=printed, width=200)) as observer:
        for event in EVENTS + ENDS:
            observer(event)
    assert printed.getvalue().splitlines() == [
        "trial 1  retried  killed: the worker process died",
        "[1/3] trial 1  complete  val_acc=0.75  1.5 s  x=0.5",
        "[2/3, 1 failed] trial 0  failed  2.0 s  x=0.25  timeout: ran longer than 2 s",
    ]
