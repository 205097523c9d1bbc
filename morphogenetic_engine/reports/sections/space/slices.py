"""Section: the objective along one parameter at a time."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from morphogenetic_engine.reports.analysis.slices import Slice, slices_of
from morphogenetic_engine.reports.section import Chapter, Report, Section
from morphogenetic_engine.reports.sections.space.importance import parameter_order

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure


class Slices(Section[tuple[Slice, ...]]):
    """A slice for each searched parameter."""

    name = "slices"
    chapter = Chapter.SPACE

    def compute(self, report: Report) -> tuple[Slice, ...]:
        return slices_of(report.result)

    def figures(self, numbers: tuple[Slice, ...], report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.slices import slices_figure

        return [slices_figure(report.result, numbers, parameter_order(report))]


SLICES = Slices()
