"""Section: the Pareto front of several objectives."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from morphogenetic_engine.reports.analysis.pareto import Pareto, pareto_of
from morphogenetic_engine.reports.section import Chapter, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.sweeps.space.search_space import shown

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure

_MOST_TRIALS = 10


class ParetoSection(Section[Pareto | None]):
    """The Pareto front; None: there is one objective."""

    name = "pareto"
    chapter = Chapter.PROGRESS

    def compute(self, report: Report) -> Pareto | None:
        return pareto_of(report.result)

    def figures(self, numbers: Pareto | None, report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.pareto import pareto_figure

        return () if numbers is None else [pareto_figure(report.result, numbers)]

    def terminal(self, numbers: Pareto | None, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        if numbers is None:
            return ()
        heading = f"Pareto front: {len(numbers.front)} of {len(numbers.points)} complete trials"
        return [TerminalPart(heading, _table(numbers))]


PARETO = ParetoSection()


def _table(pareto: Pareto) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("trial", *pareto.objectives):
        table.add_column(name, justify="right")
    for point in pareto.front[:_MOST_TRIALS]:
        table.add_row(str(point.trial), *map(shown, point.values))
    return table
