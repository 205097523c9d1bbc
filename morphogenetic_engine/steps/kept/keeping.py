"""Uploads a running sweep to the object store: soon after each trial has ended, and once more at its end.

Uploads take at most a tenth of the time: each is followed by a pause of nine times its duration, at least a second.
So a pod that is killed by SIGKILL loses the trials of the last second or two; one that receives SIGTERM loses
nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.kept.kept_run import KeptRun
from morphogenetic_engine.sweeps.record import events
from morphogenetic_engine.sweeps.record.folder import SweepFolder

QUIET_SECONDS = 15.0
"""The seconds after which a sweep is uploaded even if no trial ends."""
PAUSE_SECONDS, PAUSE_FACTOR = 1.0, 9.0
"""The shortest pause between two uploads in seconds, and the ratio of a pause to the upload before it."""

Warn = Callable[[str], object]
Observer = Callable[[events.Event], None]


@contextmanager
def kept(run: KeptRun | None, folder: SweepFolder, *, warn: Warn) -> Iterator[Observer]:
    """Uploads a sweep while the block runs; yields the observer that receives the sweep's events.

    A failing store does not affect the sweep; `warn` receives the error.
    """
    end, news = Event(), Event()

    def observe(event: events.Event) -> None:
        if isinstance(event, events.TrialEnded):
            news.set()

    if run is None:
        yield observe
        return
    thread = Thread(target=_keep_until, args=(end, news, run, folder, warn), name="keep", daemon=True)
    thread.start()
    try:
        yield observe
    finally:
        end.set()
        news.set()
        thread.join()
        keep_once(run, folder, warn=warn)


def _keep_until(end: Event, news: Event, run: KeptRun, folder: SweepFolder, warn: Warn) -> None:
    while not end.is_set():
        news.wait(QUIET_SECONDS)
        news.clear()
        begun = time.monotonic()
        keep_once(run, folder, warn=warn)
        end.wait(max(PAUSE_SECONDS, PAUSE_FACTOR * (time.monotonic() - begun)))


def keep_once(run: KeptRun | None, folder: SweepFolder, *, warn: Warn) -> None:
    """Uploads a sweep's present state, if there is a store; `warn` receives the error if that fails."""
    if run is None:
        return
    try:
        run.keep_sweep(folder)
    except StoreError as error:
        warn(f"the sweep could not be kept: {error}")
