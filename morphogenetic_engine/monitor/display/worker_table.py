"""The table of the workers of a running sweep, as text cells for every display."""

from __future__ import annotations

import time

from morphogenetic_engine.monitor.display.progress import SweepProgress, WorkerView


def worker_columns(progress: SweepProgress) -> tuple[str, ...]:
    """Returns the names of the columns beside the worker's number."""
    return ("trial", "time", "step", progress.target, "parameters")


def worker_rows(progress: SweepProgress) -> list[tuple[int, list[str]]]:
    """Returns the number of each worker that runs a trial, and its cells.

    Of trials that a worker trains together, the row counts them and shows the one that is furthest.
    """
    now = time.monotonic()
    together: dict[int, list[WorkerView]] = {}
    # A copy: the run loop changes the dictionary while the thread of a display draws.
    for view in dict(progress.running).values():
        together.setdefault(view.worker, []).append(view)
    rows: list[tuple[int, list[str]]] = []
    for worker, views in sorted(together.items()):
        view = max(views, key=lambda each: (each.step or 0, -each.trial))
        metric = view.metrics.get(progress.target)
        cells = [
            str(view.trial) if len(views) == 1 else f"{view.trial}, {len(views)} together",
            clock(now - view.began),
            "" if view.step is None else str(view.step),
            "" if metric is None else f"{metric:.4g}",
            progress.space.describe(view.params),
        ]
        rows.append((worker, cells))
    return rows


def clock(seconds: float) -> str:
    """Formats a duration as 1:02:03, or 02:03 under an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
