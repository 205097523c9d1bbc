"""Writes the report of a sweep as a PDF: the page without its script, rendered by WeasyPrint."""

from __future__ import annotations

from pathlib import Path

from weasyprint import HTML

from morphogenetic_engine.reports.page.page import page
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.sweeps.record.folder import write_whole

NAME = "report.pdf"


def write_pdf(sweep: ReportedSweep, to: Path) -> list[Path]:
    """Writes report.pdf into a folder that exists.

    Raises:
        SweepError: a file of the sweep is damaged or of a newer format.
        StoreError: the file cannot be written; an old one stays.
    """
    printed = HTML(string=page(sweep.result, sweep.summary, interactive=False)).write_pdf()
    assert printed is not None, "without a target WeasyPrint returns the document"
    write_whole(to / NAME, printed)
    return [to / NAME]
