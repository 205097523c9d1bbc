"""Section: all trials in parallel coordinates."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import Figure
from morphogenetic_engine.reports.figures.parallel import parallel_figure
from morphogenetic_engine.reports.sections.space.importance import parameter_order
from morphogenetic_engine.reports.section import Chapter, Report, Section


class Parallel(Section[None]):
    """One figure with an axis for each parameter."""

    name = "parallel"
    chapter = Chapter.TRIALS
    in_json = False

    def compute(self, report: Report) -> None:
        return None

    def figures(self, numbers: None, report: Report) -> Sequence[Figure]:
        return [parallel_figure(report.result, parameter_order(report))]


PARALLEL = Parallel()
