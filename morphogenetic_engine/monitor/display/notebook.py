"""A running sweep in a cell of a notebook: HTML that is replaced as the sweep goes on; needs no widgets."""

from __future__ import annotations

import contextvars
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Protocol

from morphogenetic_engine.monitor.display.progress import SweepProgress
from morphogenetic_engine.monitor.display.worker_table import clock, worker_columns, worker_rows
from morphogenetic_engine.sweeps.record.events import Event
from morphogenetic_engine.sweeps.run.runner import Observer

_REDRAW_SECONDS = 0.5
_FONT = "font:13px/1.5 system-ui,sans-serif"
_CELL = "text-align:left;padding:1px 14px 1px 0;font-variant-numeric:tabular-nums"


class _Handle(Protocol):
    def update(self, content: object, /) -> None: ...


def in_notebook() -> bool:
    """Returns whether this process is the kernel of a notebook; IPython is not imported to find out."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


@contextmanager
def without_widget_warning() -> Iterator[None]:
    """Silences the warning with which tqdm, which Optuna imports, asks for widgets that nothing here needs."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield


@contextmanager
def notebook_display(progress: SweepProgress) -> Iterator[Observer]:
    """Shows a sweep in the output of the cell that runs; gives the observer to run it with."""
    from IPython.display import HTML, display  # pylint: disable=import-outside-toplevel  # only in a notebook

    handle: _Handle = display(HTML(progress_html(progress)), display_id=True)
    lock, done = threading.Lock(), threading.Event()

    def observe(event: Event) -> None:
        with lock:
            progress(event)

    def draw() -> None:
        with lock:
            content = progress_html(progress)
        handle.update(HTML(content))

    def redraw() -> None:
        while not done.wait(_REDRAW_SECONDS):
            draw()

    # The thread writes to the same cell: which one that is stands in the context.
    drawing = threading.Thread(target=contextvars.copy_context().run, args=(redraw,), daemon=True, name="display")
    drawing.start()
    try:
        yield observe
    finally:
        done.set()
        drawing.join()
        progress.running.clear()
        draw()


def progress_html(progress: SweepProgress) -> str:
    """Returns the state of a sweep as HTML; everything that comes from the sweep is escaped."""
    share = 100 * progress.ended / max(1, progress.total)
    left = progress.seconds_left
    times = f"{clock(progress.elapsed)} elapsed" + (f", {clock(left)} left" if left and progress.running else "")
    counts = ", ".join(f"{count} {state}" for state, count in progress.counts.items() if count) or "no trial has ended"
    gauge = (
        f'<div role="progressbar" aria-valuenow="{share:.0f}" aria-valuemin="0" aria-valuemax="100" '
        'style="height:6px;max-width:34rem;border-radius:3px;background:rgba(127,127,127,.25);margin:6px 0">'
        f'<div style="height:6px;border-radius:3px;background:#0f766e;width:{share:.1f}%"></div></div>'
    )
    head = (
        f"<div><b>{escape(progress.sweep_id)}</b> &nbsp;{progress.ended} of {progress.total} trials"
        f" &nbsp;·&nbsp; {escape(counts)} &nbsp;·&nbsp; {times}</div>"
    )
    return f'<div style="{_FONT}">{head}{gauge}{_best(progress)}{_workers(progress)}</div>'


def _best(progress: SweepProgress) -> str:
    if progress.best is None:
        ruled_out = progress.ruled_out
        return f"<div>best: none, outcome constraints rule out {ruled_out} trials</div>" if ruled_out else ""
    number, value = progress.best
    found = escape(progress.space.describe(progress.best_params))
    return f"<div>best: {escape(progress.target)} <b>{value:.6g}</b> &nbsp;trial {number} &nbsp;{found}</div>"


def _workers(progress: SweepProgress) -> str:
    if not progress.running:
        return ""
    rows = [_row("th", worker_columns(progress)), *(_row("td", cells) for _, cells in worker_rows(progress))]
    return f'<table style="border:0;margin:6px 0 0;{_FONT}">{"".join(rows)}</table>'


def _row(tag: str, cells: Sequence[str]) -> str:
    weight = ";font-weight:500;opacity:.65" if tag == "th" else ""
    return "<tr>" + "".join(f'<{tag} style="{_CELL}{weight}">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"
