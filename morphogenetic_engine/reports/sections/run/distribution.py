"""Section: the distribution of the objective over the trials."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from morphogenetic_engine.reports.section import Chapter, Report, ViewSection

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure


class Distribution(ViewSection):
    """One figure of the objective over the share of trials."""

    name = "distribution"
    chapter = Chapter.RUN

    def figures(self, numbers: None, report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.distribution import distribution_figure

        return [distribution_figure(report.result)]


DISTRIBUTION = Distribution()
