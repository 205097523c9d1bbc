"""Section: what outcome constraints rule out, and by which limit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.analysis.search_course.infeasible import Infeasible, infeasible_of
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, Section, TerminalPart, TerminalView

_COLUMNS = ("constraint", "broken by", "by nothing else", "smallest", "largest")
_MOST = 5
"""The trials that are named, of those that would be better than the best."""


class ConstraintsSection(Section[Infeasible | None]):
    """The outcome constraints; None: there are none, or no trial is complete."""

    name = "outcome_constraints"
    chapter = Chapter.BEST

    def compute(self, report: Report) -> Infeasible | None:
        return infeasible_of(report.result)

    def page(self, numbers: Infeasible | None, report: Report, *, printed: bool) -> Sequence[PagePart]:
        if numbers is None:
            return ()
        shown = {"numbers": numbers, "columns": _COLUMNS, "rows": _rows(numbers), "lines": _lines(numbers, report)}
        return [PagePart("parts/outcome_constraints.html", shown)]

    def terminal(self, numbers: Infeasible | None, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        if numbers is None:
            return ()
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in _COLUMNS:
            table.add_column(name, justify="left" if name == _COLUMNS[0] else "right")
        for row in _rows(numbers):
            table.add_row(*row)
        parts: list[RenderableType] = [table, *(Text(line) for line in _lines(numbers, report))]
        return [TerminalPart("Outcome constraints", Group(*parts))]


CONSTRAINTS = ConstraintsSection()


def _rows(numbers: Infeasible) -> list[Sequence[str]]:
    return [
        (
            f"{each.metric} {each.limit}",
            f"{each.broken} of {numbers.complete}",
            str(each.alone),
            number_text(each.lowest),
            number_text(each.highest),
        )
        for each in numbers.constraints
    ]


def _lines(numbers: Infeasible, report: Report) -> list[str]:
    """Returns what follows from the numbers, a sentence a line."""
    metric = report.objectives[0].metric
    if numbers.feasible == 0:
        return [f"{numbers.said[0].upper()}{numbers.said[1:]}."]
    lines = [f"{numbers.feasible} of {numbers.complete} complete trials are feasible."]
    if numbers.better:
        named = "; ".join(
            f"trial {each.trial} ({metric} {number_text(each.value)}), which breaks"
            f" {', '.join(f'{name}: {found}' for name, found in each.broken.items())}"
            for each in numbers.better[:_MOST]
        )
        more = f", and {len(numbers.better) - _MOST} more" if len(numbers.better) > _MOST else ""
        lines.append(f"Without the constraints better than the best: {named}{more}.")
    return lines
