"""Keeps a sweep in the object store while it runs: every few seconds, and once more at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.kept_run import KeptRun
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
        _keep(run, folder, warn)


def _keep_until(end: Event, run: KeptRun, folder: SweepFolder, warn: Callable[[str], object], every: float) -> None:
    while not end.wait(every):
        _keep(run, folder, warn)


def _keep(run: KeptRun, folder: SweepFolder, warn: Callable[[str], object]) -> None:
    try:
        run.keep_sweep(folder)
    except StoreError as error:
        warn(f"the sweep could not be kept: {error}")
