"""The report of a sweep as a file."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.reports.importance import Method
from morphogenetic_engine.reports.page import page
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.sweeps.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.results import read_result

NAME = "report.html"


def write_html(folder: SweepFolder, to: Path) -> list[Path]:
    """Write report.html into a folder that exists.

    Raises:
        SweepError: a file of the sweep is damaged or of a newer format.
        StoreError: the file cannot be written; an old one stays.
    """
    return [write_report(folder, to / NAME)]


def write_report(folder: SweepFolder, target: Path, *, methods: tuple[Method, ...] = ("PED-ANOVA", "fANOVA")) -> Path:
    """Write the page of a sweep, finished or not, to a file, and return it; raises as `write_html`."""
    result = read_result(folder)
    write_whole(target, page(result, summarize(result, methods=methods)).encode())
    return target
