"""Section: the learning curves of the trials."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from morphogenetic_engine.reports.section import Chapter, Report, ViewSection

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure


class LearningCurves(ViewSection):
    """One figure of the learning curves."""

    name = "learning_curves"
    chapter = Chapter.PROGRESS

    def figures(self, numbers: None, report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.learning_curves import learning_curves_figure

        return [learning_curves_figure(report.result)]


LEARNING_CURVES = LearningCurves()
