"""Writes the report of a sweep as a Jupyter notebook with the same numbers and figures, for further analysis."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from morphogenetic_engine.reports.section import Section
from morphogenetic_engine.reports.summary import ReportedSweep, SweepSummary
from morphogenetic_engine.reports.visualizations import drawable_figures
from morphogenetic_engine.sweeps.record.folder import write_whole

NAME = "report.ipynb"
_OPENING = """\
from pathlib import Path

from IPython.display import SVG, display

import morphogenetic_engine as me

result = me.load(Path({folder!r}).resolve())
summary = result.summary(fanova={fanova!r}, price_per_hour={price!r})
figures = result.figures(summary)

def show(name):
    for chart in figures[name]:
        display(SVG(chart))

print(*summary.findings, sep="\\n")"""


def write_notebook(sweep: ReportedSweep, to: Path) -> list[Path]:
    """Writes report.ipynb into a folder that exists; it reads the sweep's folder, which must stay where it is.

    Raises:
        SweepError: a file of the sweep is damaged or of a newer format.
        StoreError: the file cannot be written; an old one stays.
    """
    place = Path(os.path.relpath(sweep.folder.path, to)).as_posix()
    book = _notebook(sweep, place)
    write_whole(to / NAME, nbformat.writes(book).encode())
    return [to / NAME]


def _notebook(sweep: ReportedSweep, folder: str) -> nbformat.NotebookNode:
    cells = [
        new_markdown_cell(f"# Sweep {sweep.summary.identification.sweep_id}"),
        new_code_cell(_OPENING.format(folder=folder, fanova="fANOVA" in sweep.methods, price=sweep.price_per_hour)),
    ]
    for section in sweep.summary.sections:
        cells += _section(sweep.summary, section)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # the same sweep gives the same file
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book: nbformat.NotebookNode = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return book


def _section(summary: SweepSummary, section: Section[object]) -> list[nbformat.NotebookNode]:
    def shown(numbers: object) -> list[nbformat.NotebookNode]:
        cells: list[nbformat.NotebookNode] = []
        for each in section.notebook(numbers, summary):
            cells += [new_markdown_cell(f"## {each.heading}"), new_code_cell(each.code)]
        for figure in drawable_figures(section, summary, numbers):
            cells.append(new_markdown_cell(f"## {figure.heading}\n\n{figure.empty or figure.caption}"))
            if figure.charts:
                cells.append(new_code_cell(f"show({figure.id!r})"))
        return cells

    return summary.show(section, shown, lambda failure: [new_markdown_cell(f"## {section.name}\n\n{failure}")])
