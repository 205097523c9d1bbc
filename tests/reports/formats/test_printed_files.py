"""The report as a PDF and as a notebook, from a real sweep, and the page that a sweep leaves when it ends."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from morphogenetic_engine.cli.views import closing_report
from morphogenetic_engine.reports.drawing.page_fitting import columns_that_fit
from morphogenetic_engine.reports.export import export
from morphogenetic_engine.reports.formats import page_file
from morphogenetic_engine.reports.sections.trials.trial_table import trial_rows
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.conftest import StartSweep
from tests.reports.sweeps import sweep, trial
from tests.waiting import DEADLINE_SECONDS

X = {"x": {"low": 0.0, "high": 1.0}}


@pytest.fixture
def folder(start: StartSweep) -> SweepFolder:
    folder = start("""
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.0}
parameters: {x: {low: 0.0, high: 1.0}, kind: [a, b]}
optimization: {n_trials: 14}
""")
    run_sweep(folder)
    return folder


@pytest.mark.slow
def test_the_pdf_is_one_and_has_pages(folder: SweepFolder, tmp_path: Path) -> None:
    (file,) = export(ReportedSweep(folder), ["pdf"], tmp_path / "out")
    content = file.read_bytes()
    assert content.startswith(b"%PDF-") and len(content) > 20_000


def test_a_printed_table_has_the_columns_that_fit_and_names_the_others() -> None:
    rows = [("0", "complete", "0.123456", *["0.123456"] * 20)]
    columns = ("trial", "state", "val_acc", *(f"parameter_{n}" for n in range(20)))
    fitting = columns_that_fit(columns, rows)
    assert 5 < fitting < 12
    assert columns_that_fit(columns[:fitting], [row[:fitting] for row in rows]) == fitting
    wide = trial(0, {"x": 0.5}, 0.5)
    wide.metrics = {"val_acc": 0.5, **{f"metric_{n}": 0.123456 for n in range(20)}}
    result = sweep([wide], X)
    table = trial_rows(result, ["x"], printed=True)
    assert len(table.columns) == len(table.rows[0]) < 15
    assert "metric_9" in table.left_out and table.left_out.endswith("seed; trials.csv has them.")
    assert "seed" in trial_rows(result, ["x"]).columns


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom_wherever_it_was_written(folder: SweepFolder, tmp_path: Path) -> None:
    (file,) = export(ReportedSweep(folder), ["ipynb"], tmp_path / "elsewhere")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own, about event loops and time zones
        from nbclient import NotebookClient  # pylint: disable=import-outside-toplevel

        book = nbformat.read(file, as_version=4)
        nbformat.validate(book)
        NotebookClient(book, timeout=DEADLINE_SECONDS, resources={"metadata": {"path": str(file.parent)}}).execute()
    printed = "".join(each.get("text", "") for cell in book.cells for each in cell.get("outputs", []))
    drawn = [each for cell in book.cells for each in cell.get("outputs", []) if "image/svg+xml" in each.get("data", {})]
    assert "Best: trial" in printed and "14 trials;" in printed
    assert len(drawn) >= 6


def test_the_same_sweep_gives_the_same_notebook(folder: SweepFolder, tmp_path: Path) -> None:
    one, other = (export(ReportedSweep(folder), ["ipynb"], tmp_path / "out")[0].read_bytes() for _ in range(2))
    assert one == other


def shown(folder: SweepFolder) -> str:
    printed = io.StringIO()
    closing_report.write_closing_report(folder, Console(file=printed, width=200))
    return printed.getvalue()


def test_a_sweep_leaves_its_page_and_says_where(folder: SweepFolder) -> None:
    assert shown(folder) == f"report: {folder.path / 'report.html'}\n"
    assert "<h1>" in (folder.path / "report.html").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_one_line(folder: SweepFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> Path:
        raise ZeroDivisionError("a bug\nof the page")

    monkeypatch.setattr(page_file, "write_report", broken)
    assert shown(folder) == "warning: the report was not written: ZeroDivisionError: a bug of the page\n"
