"""Keeps a sweep in the object store while it runs: every few seconds, and once more at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.kept.kept_run import KeptRun
from morphogenetic_engine.sweeps.record.folder import SweepFolder

SECONDS = 15.0
"""Between two times; what a killed pod loses."""


@contextmanager
def kept(
    run: KeptRun | None, folder: SweepFolder, *, warn: Callable[[str], object], every: float = SECONDS
) -> Iterator[None]:
    """Keep a sweep while the block runs; a store that fails costs the sweep nothing, and `warn` is told."""
    if run is None:
        yield
        return
    end = Event()
    thread = Thread(target=_keep_until, args=(end, run, folder, warn, every), name="keep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        keep_once(run, folder, warn=warn)


def _keep_until(end: Event, run: KeptRun, folder: SweepFolder, warn: Callable[[str], object], every: float) -> None:
    while not end.wait(every):
        keep_once(run, folder, warn=warn)


def keep_once(run: KeptRun | None, folder: SweepFolder, *, warn: Callable[[str], object]) -> None:
    """Keep a sweep as it is now, where there is a store; `warn` is told if that fails."""
    if run is None:
        return
    try:
        run.keep_sweep(folder)
    except StoreError as error:
        warn(f"the sweep could not be kept: {error}")
