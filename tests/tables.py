"""The trial table in the form that tests compare."""

from __future__ import annotations

import csv

from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.tables.trial_table import RUN_COLUMNS


def steady_rows(folder: SweepFolder) -> list[dict[str, str]]:
    """Returns the rows without the columns that tell how this run went."""
    with folder.table.open(newline="", encoding="utf-8") as file:
        return [{key: row[key] for key in row if key not in RUN_COLUMNS} for row in csv.DictReader(file)]
