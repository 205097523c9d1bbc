"""The summary of a sweep as the output of a notebook's cell: one HTML fragment that needs no network and no script.

Each chart is an image of its own: a notebook shows many cells in one document, where styles and ids would clash.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from morphogenetic_engine.reports.drawing.charts import Chart, Figure, ParallelChart
from morphogenetic_engine.reports.drawing.svg import draw
from morphogenetic_engine.reports.page.page import templates
from morphogenetic_engine.reports.sections.outcome.best import best_table
from morphogenetic_engine.reports.sections.space.importance import parameter_order
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.reports.visualizations import figures_of
from morphogenetic_engine.sweeps.results import SweepResult

_OPEN = ("history", "pareto", "importance", "slices", "parallel")
"""Figures that are shown at once; the others are collapsed."""
_ROWS = 5


@dataclass(frozen=True)
class Picture:
    """One chart as an image."""

    address: str
    """The image itself, as a data URL."""
    title: str
    description: str
    width: int


@dataclass(frozen=True)
class CellFigure:
    """A figure as the variables of the template."""

    heading: str
    caption: str
    open: bool
    pictures: tuple[Picture, ...]


def summary_cell(result: SweepResult, summary: SweepSummary, state: str) -> str:
    """Returns the summary as HTML; texts of the sweep are escaped. `state` is the state that `sweep list` shows."""
    figures = [_figure(each) for each in figures_of(result, summary) if each.charts]
    best = best_table(summary.objectives, summary.best, parameter_order(summary), printed=True)
    return (
        templates("morphogenetic_engine.reports.page")
        .get_template("cell.html")
        .render(
            summary=summary,
            about=summary.identification,
            state=state.replace("_", " "),
            best=best,
            rows=[each for each in best.rows if each.baseline or (each.rank or 0) <= _ROWS],
            figures=sorted(figures, key=lambda each: not each.open),
        )
    )


def _figure(figure: Figure) -> CellFigure:
    pictures = tuple(_picture(chart, f"{figure.id}-{number}") for number, chart in enumerate(figure.charts))
    return CellFigure(figure.heading, figure.caption, figure.id in _OPEN, pictures)


def _picture(chart: Chart | ParallelChart, name: str) -> Picture:
    content = base64.b64encode(draw(chart, name, alone=True).encode()).decode()
    return Picture(f"data:image/svg+xml;base64,{content}", chart.title, chart.description, chart.width)
