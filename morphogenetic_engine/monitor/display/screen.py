"""Chooses how a sweep that Python code runs is shown: in the notebook, or on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from morphogenetic_engine.monitor.display.notebook import in_notebook, notebook_display
from morphogenetic_engine.monitor.display.progress import SweepProgress
from morphogenetic_engine.monitor.display.terminal import display, terminal
from morphogenetic_engine.sweeps.run.runner import Observer


@contextmanager
def shown(progress: SweepProgress, place: Path) -> Iterator[Observer]:
    """Shows a sweep while it runs: an updating cell in a notebook, a live panel in a terminal, else a line a trial.

    A program's standard output stays its own.
    """
    if in_notebook():
        with notebook_display(progress) as observer:
            yield observer
        return
    console = terminal(stderr=True)
    console.print(f"sweep {progress.sweep_id} in {place}", highlight=False, markup=False, soft_wrap=True)
    # The caller leaves this context, and with it the display.
    with display(progress, console) as observer:  # pylint: disable=contextmanager-generator-missing-cleanup
        yield observer
