"""Section: correlations among parameters and metrics."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.analysis.correlation import Correlations, correlations_of
from morphogenetic_engine.reports.section import Chapter, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.sections.terminal.bars import share_bar
from morphogenetic_engine.reports.sections.terminal.cell_text import short_text

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure

_MOST_PARAMETERS = 8
_BAR = 24
_LETTERS = 20


class CorrelationsSection(Section[Correlations]):
    """All pairs; the terminal shows the parameters with the first objective."""

    name = "correlations"
    chapter = Chapter.SPACE

    def compute(self, report: Report) -> Correlations:
        return correlations_of(report.result)

    def figures(self, numbers: Correlations, report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.correlation import correlation_figure

        return [correlation_figure(numbers)]

    def terminal(self, numbers: Correlations, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        table = _table(numbers)
        return [TerminalPart(f"Correlation with {report.objectives[0].metric}", table)] if table.row_count else ()


CORRELATIONS = CorrelationsSection()


def _table(correlations: Correlations) -> Table:
    table = Table.grid(padding=(0, 2))
    for each in correlations.with_objective()[:_MOST_PARAMETERS]:
        if each.rank is None or each.linear is None:
            continue
        sign = "+" if each.measure == "correlation" else ""
        ranks = f"rank {each.rank:{sign}.2f}"
        linear = f"linear {each.linear:{sign}.2f}"
        name = Text(short_text(each.one, _LETTERS))
        table.add_row(name, share_bar(abs(each.rank), _BAR), ranks, linear, Text(each.measure, style="dim"))
    return table
