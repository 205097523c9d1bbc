"""Writes the report of a sweep as an HTML file."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.reports.page.page import page
from morphogenetic_engine.reports.summary import ReportedSweep
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole

NAME = "report.html"


def write_html(sweep: ReportedSweep, to: Path) -> list[Path]:
    """Writes report.html into a folder that exists.

    Raises:
        SweepError: a file of the sweep is damaged or of a newer format.
        StoreError: the file cannot be written; an old one stays.
    """
    write_whole(to / NAME, page(sweep.result, sweep.summary).encode())
    return [to / NAME]


def write_report(folder: SweepFolder) -> Path:
    """Writes the page of a sweep, finished or not, to its own folder, and returns the file; raises as `write_html`."""
    return write_html(ReportedSweep(folder), folder.path)[0]
