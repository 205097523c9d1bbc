"""The sweep `toy` as it was collected from Katib, and the commands that collect it."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.tables.trial_table import ELSEWHERE_COLUMN, RUN_COLUMNS
from morphogenetic_engine.sweeps.results import SweepResult, read_result

COLLECT = "sweep collect --experiment toy".split()
FOLDER = Path("results/sweeps/toy")


def collected() -> SweepResult:
    return read_result(SweepFolder(FOLDER))


def wait_for_line(process: subprocess.Popen[str], done: Callable[[str], bool]) -> None:
    assert process.stdout is not None
    assert any(done(line) for line in process.stdout)


def steady(folder: Path) -> list[dict[str, str]]:
    """Returns the trial table without the columns that tell how this run went."""
    with (folder / "trials.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    same = {*rows[0]} - {*RUN_COLUMNS, ELSEWHERE_COLUMN}
    return [{key: each for key, each in row.items() if key in same} for row in rows]
