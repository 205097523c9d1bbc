"""Verdicts and trends as tables of the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.regression.regression_verdict import Change, Verdict
from morphogenetic_engine.reports.regression.trend import Trend
from morphogenetic_engine.reports.sections.terminal.bars import sparkline

_STYLES = {
    Change.REGRESSION: "bold red",
    Change.IMPROVEMENT: "green",
    Change.UNCHANGED: "",
    Change.NOT_COMPARED: "dim",
}
_BARS = 60


def verdict_table(verdict: Verdict) -> Table:
    """Returns a row for each metric."""
    table = _table("metric", "", "reference", "tonight", "worse by", "95 % interval", "tolerance", "p, corrected")
    for each in verdict.metrics:
        change = Text(each.change + (f": {each.why}" if each.why else ""), style=_STYLES[each.change])
        interval = (
            "" if each.interval is None else f"{number_text(each.interval[0])} to {number_text(each.interval[1])}"
        )
        numbers = [each.reference, each.tonight, each.worse_by]
        table.add_row(
            each.metric, change, *map(_number, numbers), interval, _number(each.tolerance), _number(each.corrected_p)
        )
    return table


def trend_table(trends: Sequence[Trend]) -> Table:
    """Returns a row for each metric, and one more for each further change of it."""
    table = _table("metric", "nights", "", "changed with sweep", "from", "to", "p")
    for trend in trends:
        rows = [
            (change.sweep_id, _number(change.before), _number(change.after), _number(change.p_value))
            for change in trend.changes
        ]
        first, *rest = rows or [("never", "", "", "")]
        table.add_row(trend.metric, str(len(trend.nights)), sparkline(trend.means, _BARS), *first)
        for row in rest:
            table.add_row("", "", "", *row)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    words = {"metric", "", "changed with sweep"}
    for column in columns:
        table.add_column(column, justify="left" if column in words else "right")
    return table


def _number(value: float | None) -> str:
    return "" if value is None else number_text(value)
