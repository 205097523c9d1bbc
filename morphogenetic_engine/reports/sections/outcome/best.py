"""Section: the best configurations and the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.text import Text

from morphogenetic_engine.reports.analysis.configurations import Configuration, Spread, best_configurations
from morphogenetic_engine.reports.analysis.identification import ObjectiveName
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.drawing.page_fitting import PAGE_WIDTH, columns_that_fit, left_out_note
from morphogenetic_engine.reports.section import (
    Chapter,
    NotebookCell,
    PagePart,
    Report,
    Section,
    TerminalPart,
    TerminalView,
)
from morphogenetic_engine.reports.sections.space.importance import parameter_order
from morphogenetic_engine.reports.sections.terminal.cell_text import metric_text, value_text
from morphogenetic_engine.reports.sections.terminal.configuration_table import configuration_table

_BEST_WIDTH = PAGE_WIDTH - 190
"""The width of the table without rank, trial and time."""
_NOTEBOOK = """\
for each in summary.best:
    print(each.trial, "baseline" if each.baseline else "", dict(each.metrics), dict(each.params))"""


class Best(Section[tuple[Configuration, ...]]):
    """The best configurations, then the baseline where it is not among them."""

    name = "best"
    chapter = Chapter.BEST

    def compute(self, report: Report) -> tuple[Configuration, ...]:
        return best_configurations(report.result, report.options.top)

    def page(self, numbers: tuple[Configuration, ...], report: Report, *, printed: bool) -> Sequence[PagePart]:
        table = best_table(report.objectives, numbers, parameter_order(report), printed=printed)
        return [PagePart("parts/best.html", {"best": table})]

    def terminal(
        self, numbers: tuple[Configuration, ...], report: Report, view: TerminalView
    ) -> Sequence[TerminalPart]:
        rows = numbers if view.chosen is None else view.chosen
        if not rows and report.result.ruling_out:
            return [TerminalPart(view.title, Text("no feasible trial"))]
        metrics = [each.metric for each in report.objectives]
        order = parameter_order(report)
        table = configuration_table(view.console, report.parameters, order, metrics, rows, view.room)
        return [TerminalPart(view.title, table)]

    def notebook(self, numbers: tuple[Configuration, ...], report: Report) -> Sequence[NotebookCell]:
        return [NotebookCell("The best configurations, and the baseline", _NOTEBOOK)]


BEST = Best()


@dataclass(frozen=True)
class BestRow:
    """One of the best configurations, or the baseline."""

    rank: int | None
    trial: int
    baseline: bool
    cells: tuple[str, ...]
    seconds: str


@dataclass(frozen=True)
class BestTable:
    """The best configurations."""

    columns: tuple[str, ...]
    text_columns: frozenset[str]
    """The text columns, which are aligned on the left."""
    rows: tuple[BestRow, ...]
    left_out: str


def best_table(
    objectives: Sequence[ObjectiveName], best: Sequence[Configuration], order: Sequence[str], *, printed: bool = False
) -> BestTable:
    """Returns the best configurations with their parameters, objectives and, where there are some, means over seeds.

    A `printed` table has only the columns that fit a page.
    """
    metrics = [each.metric for each in objectives]
    parameters = [name for name in order if any(name in each.params for each in best)]
    confirmed = any(each.confirmed for each in best)
    replicated = any(each.replicates for each in best)
    columns = [*metrics]
    if replicated:
        columns.append("over replicates (mean, 95 %)")
    if confirmed:
        columns.append("on fresh seeds (mean, 95 %)")
    rows = []
    for each in best:
        cells = [metric_text(each.metrics.get(name)) for name in metrics]
        cells.extend([_spread(each.replicates)] if replicated else [])
        cells.extend([_spread(each.confirmed)] if confirmed else [])
        cells.extend(value_text(each.params.get(name)) for name in parameters)
        rows.append(BestRow(each.rank, each.trial, each.baseline, tuple(cells), number_text(each.seconds, 3)))
    words = {name for name in parameters if any(isinstance(each.params.get(name), str) for each in best)}
    columns += parameters
    fitting = columns_that_fit(columns, [row.cells for row in rows], _BEST_WIDTH) if printed else len(columns)
    shown_rows = tuple(replace(row, cells=row.cells[:fitting]) for row in rows)
    return BestTable(tuple(columns[:fitting]), frozenset(words), shown_rows, left_out_note(columns[fitting:]))


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.low is None or spread.high is None:
        return number_text(spread.mean)
    return f"{number_text(spread.mean)} ({number_text(spread.low)} to {number_text(spread.high)})"
