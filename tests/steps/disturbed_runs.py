"""Runs of a step that end in the middle and are started again, and what they leave in the store."""

from __future__ import annotations

import csv
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from morphogenetic_engine.steps.portable_json import short_config
from morphogenetic_engine.storage import open_store
from tests.seaweedfs import BUCKET
from tests.steps.conftest import parsed
from tests.steps.step_program import Ended, StepProgram

RUN = "6d547fbf-8f5f-4e84-a56c-db95091a3abe"


@dataclass
class Timer:
    """Lets a time pass that a seed chooses, of what an undisturbed run took."""

    seconds: float
    seed: int

    def __post_init__(self) -> None:
        self._until = time.monotonic() + random.Random(self.seed).uniform(0.2, 1.0) * self.seconds

    def __call__(self) -> bool:
        return time.monotonic() >= self._until


def undisturbed(program: StepProgram) -> tuple[Ended, float]:
    begun = time.monotonic()
    return program.run("undisturbed"), time.monotonic() - begun


def disturbed(program: StepProgram, how: signal.Signals, when: Callable[[], bool]) -> Ended:
    """Returns what the second attempt leaves."""
    program.end("first", how, when)
    return program.run("second")


def steady(table: Path) -> list[dict[str, str]]:
    """Returns a trial table without what depends on the clock."""
    with table.open(encoding="utf-8") as file:
        return [{key: row[key] for key in ("number", "state", "x", "val_acc", "twice")} for row in csv.DictReader(file)]


def without_times(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if "runtime" not in name and "seconds" not in name}


def place(tmp_path: Path, part: str) -> str:
    return f"s3://{BUCKET}/{tmp_path.name}-{part}"


def inputs(tmp_path: Path, text: str, part: str) -> dict[str, object]:
    return {"config": short_config(parsed(text)), "run_id": RUN, "name": "toy", "storage": place(tmp_path, part)}


def ended_in_the_store(storage: str) -> set[int]:
    """Returns the trials that a kept journal has as ended."""
    store = open_store(storage)
    name = f"sweeps/{RUN}/journal.jsonl"
    lines = store.read_bytes(name).splitlines() if store.exists(name) else []
    events = map(orjson.loads, lines)
    return {int(each["trial"]) for each in events if each["event"] == "trial_ended"}


def report_of(storage: str) -> str:
    return open_store(storage).read_bytes(f"reports/{RUN}/index.html").decode()


def ran(folder: Path) -> Counter[int]:
    written = folder / "ran"
    return Counter(map(int, written.read_text(encoding="utf-8").split())) if written.exists() else Counter()
