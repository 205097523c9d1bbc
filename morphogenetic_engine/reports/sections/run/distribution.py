"""Section: the distribution of the objective over the trials."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import Figure
from morphogenetic_engine.reports.figures.distribution import distribution_figure
from morphogenetic_engine.reports.section import Chapter, Report, Section


class Distribution(Section[None]):
    """One figure of the objective over the share of trials."""

    name = "distribution"
    chapter = Chapter.RUN
    in_json = False

    def compute(self, report: Report) -> None:
        return None

    def figures(self, numbers: None, report: Report) -> Sequence[Figure]:
        return [distribution_figure(report.result)]


DISTRIBUTION = Distribution()
