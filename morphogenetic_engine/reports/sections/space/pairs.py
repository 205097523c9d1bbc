"""Section: the objective over two parameters at a time."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from morphogenetic_engine.reports.section import Chapter, Report, ViewSection
from morphogenetic_engine.reports.sections.space.importance import parameter_order

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure


class Pairs(ViewSection):
    """Contours and ranks of each pair of the most important parameters."""

    name = "pairs"
    chapter = Chapter.SPACE

    def figures(self, numbers: None, report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.pairs import contours_figure, ranks_figure

        return [
            contours_figure(report.result, parameter_order(report)),
            ranks_figure(report.result, parameter_order(report)),
        ]


PAIRS = Pairs()
