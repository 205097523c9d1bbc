"""Section: all trials in parallel coordinates."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from morphogenetic_engine.reports.section import Chapter, Report, ViewSection
from morphogenetic_engine.reports.sections.space.importance import parameter_order

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure


class Parallel(ViewSection):
    """One figure with an axis for each parameter."""

    name = "parallel"
    chapter = Chapter.TRIALS

    def figures(self, numbers: None, report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.parallel import parallel_figure

        return [parallel_figure(report.result, parameter_order(report))]


PARALLEL = Parallel()
