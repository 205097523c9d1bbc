"""Where the workers of a session are, and since when the others wait: a file in the sweep's folder, for displays."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from morphogenetic_engine.sweeps.record.folder import write_whole

FILE = "workers.json"


@dataclass(frozen=True)
class WorkerPlace:
    """One worker on another machine."""

    number: int
    place: str
    """Its host, and its job if it has one; "" while it waits for a machine."""
    asked: float
    """Seconds since 1970."""


@dataclass(frozen=True)
class WorkerPlaces:
    """The workers of a session on other machines."""

    queued: str
    """What those that wait are waiting for, in words; "" if that is not known."""
    workers: Sequence[WorkerPlace]


def write_places(folder: Path, places: WorkerPlaces) -> None:
    """Writes where the workers are."""
    write_whole(folder / FILE, json.dumps(asdict(places)).encode())


def read_places(folder: Path) -> WorkerPlaces | None:
    """Returns where the workers of a session are; None if no file says."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return WorkerPlaces(str(found["queued"]), [WorkerPlace(**each) for each in found["workers"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def describe_places(folder: Path) -> str:
    """Returns where the workers are in words, such as "0 on node1, job 17; 1 waits for 95 s"; "" if no file says."""
    found = read_places(folder)
    if found is None:
        return ""
    now = time.time()
    parts = [
        f"{each.number} on {each.place}" if each.place else f"{each.number} waits for {now - each.asked:.0f} s"
        for each in found.workers
    ]
    return "; ".join([*parts, *filter(None, [found.queued])])
