"""Prints where the workers on other machines are, and what the others wait for, in lines: for logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from morphogenetic_engine.sweeps.run.workers.worker_places import WorkerPlaces, read_places

_LOOK_SECONDS = 3.0


@contextmanager
def place_lines(folder: Path | None, tell: Callable[[str], object]) -> Iterator[None]:
    """Tells of each change while the block runs; of a sweep on this machine there is nothing to tell."""
    if folder is None:
        yield
        return
    end = Event()
    thread = Thread(target=_tell_until, args=(end, folder, tell), name="places", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _tell_until(end: Event, folder: Path, tell: Callable[[str], object]) -> None:
    before = WorkerPlaces("", ())
    while not end.wait(_LOOK_SECONDS):
        now = read_places(folder)
        if now is not None:
            for line in changes(before, now):
                tell(line)
            before = now


def changes(before: WorkerPlaces, now: WorkerPlaces) -> Iterator[str]:
    """Yields the lines for what has changed: workers that are elsewhere than before, and what others wait for."""
    known = {each.number: each.place for each in before.workers}
    for each in now.workers:
        if each.place and known.get(each.number) != each.place:
            yield f"worker {each.number}  on {each.place}"
    if now.queued and now.queued != before.queued:
        yield f"waiting  {now.queued}"
