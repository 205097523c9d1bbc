"""Section: the objective trial by trial, and when the best one improved."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.analysis.objective_trend import Trend, trend_of
from morphogenetic_engine.reports.section import Chapter, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.sections.terminal.bars import sparkline
from morphogenetic_engine.reports.sections.terminal.cell_text import counted

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure

_WIDTH = 40


class TrendSection(Section[Trend]):
    """The trend of the first objective."""

    name = "trend"
    chapter = Chapter.PROGRESS

    def compute(self, report: Report) -> Trend:
        return trend_of(report.result)

    def figures(self, numbers: Trend, report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.history import history_figure

        return [history_figure(report.result)]

    def terminal(self, numbers: Trend, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        return [TerminalPart("Trend", _table(numbers))] if len(numbers.points) > 1 else ()


TREND = TrendSection()


def _table(trend: Trend) -> Table:
    table = Table.grid(padding=(0, 2))
    points = trend.points
    table.add_row("each trial", sparkline([point.value for point in points], _WIDTH))
    table.add_row("best so far", sparkline([point.best for point in points], _WIDTH))
    improved = len(trend.improvements)
    last = trend.improvements[-1]
    since = trend.trials_since_improvement
    table.add_row(
        "",
        Text(
            f"improved {counted(improved, 'time')}, last at trial {last}; {counted(since, 'trial')} since",
            style="dim",
        ),
    )
    return table
