"""The example notebook runs from top to bottom in a fresh folder, in a kernel of its own."""

from __future__ import annotations

import warnings
from pathlib import Path

import nbformat
import pytest

from tests.waiting import DEADLINE_SECONDS

EXAMPLE = Path(__file__).parents[2] / "examples/python_sweep.ipynb"


def outputs(book: nbformat.NotebookNode, kind: str) -> list[str]:
    """Returns what the cells gave of one kind, in their order."""
    found = [each.get("data", {}).get(kind, "") for cell in book.cells for each in cell.get("outputs", [])]
    return [text for text in found if text]


@pytest.mark.slow
def test_the_notebook_runs_and_shows_its_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLE.parents[1]))
    book = nbformat.read(EXAMPLE, as_version=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own, about event loops and time zones
        from nbclient import NotebookClient  # pylint: disable=import-outside-toplevel

        NotebookClient(book, timeout=DEADLINE_SECONDS, resources={"metadata": {"path": str(tmp_path)}}).execute()
    progress, summary, confirmation, comparison = outputs(book, "text/html")
    assert "24 of 24 trials" in progress and "<script" not in progress
    assert "Best: trial" in summary and "data:image/svg+xml;base64," in summary and "<script" not in summary
    assert "val_acc over fresh seeds" in confirmation
    assert "Is the first really better?" in comparison
    folder = tmp_path / "results/sweeps/from-a-notebook"
    assert "NOISE = 0.01" in (folder / "code/sweep_source.py").read_text(encoding="utf-8")
    assert (folder / "report.html").is_file()


def test_the_notebook_is_kept_without_outputs() -> None:
    book = nbformat.read(EXAMPLE, as_version=4)
    assert not [cell for cell in book.cells if cell.get("outputs")]
