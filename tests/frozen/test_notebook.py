"""A notebook that an earlier version exported runs unchanged: the names that it imports still exist."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import nbformat
import pytest

from tests.frozen.conftest import FROZEN, SWEEPS
from tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

NOTEBOOK = SWEEPS / "tpe_pruned/report/report.ipynb"


def test_it_runs_from_top_to_bottom(project: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own, about event loops and time zones
        from nbclient import NotebookClient  # pylint: disable=import-outside-toplevel

        book = nbformat.read(project / NOTEBOOK, as_version=4)
        NotebookClient(
            book, timeout=DEADLINE_SECONDS, resources={"metadata": {"path": str((project / NOTEBOOK).parent)}}
        ).execute()
    outputs = [each for cell in book.cells for each in cell.get("outputs", [])]
    printed = "".join(each.get("text", "") for each in outputs)
    assert "Best: trial 22" in printed and "24 trials;" in printed
    charts = sum("show(" in "".join(cell["source"]) for cell in json.loads((FROZEN / NOTEBOOK).read_text())["cells"])
    assert sum("image/svg+xml" in each.get("data", {}) for each in outputs) >= charts - 1 > 5
