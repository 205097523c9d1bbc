"""Section: the timeline of the workers."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.analysis.cost import Cost
from morphogenetic_engine.reports.analysis.timeline import Timeline, timeline_of
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.section import Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.sections.run.cost import COST, fusing_saved
from morphogenetic_engine.reports.sections.terminal.bars import sparkline
from morphogenetic_engine.reports.sections.terminal.cell_text import counted
from morphogenetic_engine.sweeps.space.search_space import shown

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure

_WIDTH = 40


class TimelineSection(Section[Timeline]):
    """The attempts by worker, and how many workers were busy over time."""

    name = "timeline"

    def compute(self, report: Report) -> Timeline:
        return timeline_of(report.result)

    def figures(self, numbers: Timeline, report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.timeline import timeline_figure

        return [timeline_figure(numbers)]

    def terminal(self, numbers: Timeline, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        return [TerminalPart("Time", _table(report.of(COST), numbers))] if numbers.workers else ()


TIMELINE = TimelineSection()


def _table(cost: Cost, timeline: Timeline) -> Table:
    table = Table.grid(padding=(0, 2))
    workers = len(timeline.workers)
    table.add_row("busy workers", sparkline(timeline.busy, _WIDTH, low=0, high=workers), f"of {workers}")
    states = ", ".join(f"{state} {duration(seconds)}" for state, seconds in cost.seconds_by_state.items() if seconds)
    table.add_row("trials", Text(states))
    if cost.median_seconds is not None:
        table.add_row("a complete trial", f"{duration(cost.median_seconds)} (median)")
    if cost.fusing_saved is not None:
        table.add_row("saved by fusing", fusing_saved(cost.fusing_saved))
    if cost.confirmation_seconds:
        table.add_row("confirmation", duration(cost.confirmation_seconds))
    if cost.pruning is not None:
        saved = f"{cost.pruning.steps} steps ({cost.pruning.share:.0%}), about {duration(cost.pruning.seconds)}"
        table.add_row("saved by pruning", f"{saved}, in {counted(cost.pruning.trials, 'trial')}")
    if cost.price is not None:
        table.add_row("price", shown(cost.price))
    return table
