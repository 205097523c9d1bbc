"""The figures of a sweep, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from morphogenetic_engine.reports.drawing.charts import Figure
from morphogenetic_engine.reports.drawing.svg import draw
from morphogenetic_engine.reports.section import Section
from morphogenetic_engine.reports.sections.all_sections import SECTIONS
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.sweeps.results import SweepResult


def figures_of(result: SweepResult, summary: SweepSummary) -> tuple[Figure, ...]:
    """Returns the figures of all sections; a figure with nothing to draw says why. `result` is that of the summary."""
    assert result is summary.result, "the summary is of another sweep"
    found: list[Figure] = []
    for section in summary.sections:
        found += summary.show(section, partial(drawable_figures, section, summary), lambda failure: ())
    return tuple(found)


def drawable_figures(section: Section[object], summary: SweepSummary, numbers: object) -> Sequence[Figure]:
    """Returns the figures of a section. Those of an installed package are drawn once, so that a wrong one raises here.

    Raises:
        Exception: any that the section, or the drawing of a figure of an installed package, raises.
    """
    figures = section.figures(numbers, summary)
    if SECTIONS.package_of(section.name) is not None:
        for figure in figures:
            for chart in figure.charts:
                draw(chart, figure.id, alone=True)
    return figures
