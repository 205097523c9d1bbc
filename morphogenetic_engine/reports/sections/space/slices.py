"""Section: the objective along one parameter at a time."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.analysis.slices import Slice, slices_of
from morphogenetic_engine.reports.drawing.charts import Figure
from morphogenetic_engine.reports.figures.slices import slices_figure
from morphogenetic_engine.reports.section import Chapter, Report, Section
from morphogenetic_engine.reports.sections.space.importance import parameter_order


class Slices(Section[tuple[Slice, ...]]):
    """A slice for each searched parameter."""

    name = "slices"
    chapter = Chapter.SPACE

    def compute(self, report: Report) -> tuple[Slice, ...]:
        return slices_of(report.result)

    def figures(self, numbers: tuple[Slice, ...], report: Report) -> Sequence[Figure]:
        return [slices_figure(report.result, numbers, parameter_order(report))]


SLICES = Slices()
