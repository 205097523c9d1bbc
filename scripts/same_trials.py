"""Compares the trial tables of two sweeps, apart from times: python scripts/same_trials.py FOLDER FOLDER.

Only the columns of both are compared: from Katib come the objective and the secondary metrics alone.
"""

from __future__ import annotations

import csv
import sys
from itertools import zip_longest
from pathlib import Path

from morphogenetic_engine.sweeps.record.tables.trial_table import RUN_COLUMNS

Table = list[dict[str, str]]


def differences(first: Table, second: Table) -> list[str]:
    """Returns what differs between two trial tables, a line for each trial."""
    columns = common_columns(first, second)
    found = []
    for here, there in zip_longest(first, second):
        if here is None or there is None:
            found.append(f"trial {(here or there)['number']}: is only in the {'first' if here else 'second'} sweep")
        elif told := [f"{name} {here[name]!r} and {there[name]!r}" for name in columns if here[name] != there[name]]:
            found.append(f"trial {here['number']}: {', '.join(told)}")
    return found


def common_columns(first: Table, second: Table) -> list[str]:
    """Returns the columns of both tables, in the order of the first."""
    return [name for name in (first or [{}])[0] if name in (second or [{}])[0]]


def read_table(folder: Path) -> Table:
    """Returns the rows of a trial table without the columns that tell how a run went, which follow the others."""
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        kept = columns[: columns.index(RUN_COLUMNS[0])]
        return [{name: row[name] for name in kept} for row in reader]


def main(first: Path, second: Path) -> int:
    """Prints the differences; returns the exit status, 1 if there are any."""
    here, there = read_table(first), read_table(second)
    found = differences(here, there)
    for line in found:
        print(f"same_trials.py: {line}", file=sys.stderr)
    if not found:
        print(f"{len(here)} trials are the same in {first} and {second}: {', '.join(common_columns(here, there))}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
