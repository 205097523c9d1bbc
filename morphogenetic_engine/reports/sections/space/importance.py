"""Section: the importance of each parameter."""

# Figures are imported when they are drawn: the terminal and JSON have none.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.importance.importance import Importance, importance_of
from morphogenetic_engine.reports.section import Chapter, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.sections.terminal.bars import share_bar
from morphogenetic_engine.reports.sections.terminal.cell_text import counted, short_text

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure

_MOST_PARAMETERS = 8
_BAR = 24
_LETTERS = 20


class ImportanceSection(Section[tuple[Importance, ...]]):
    """One importance for each objective and method."""

    name = "importance"
    chapter = Chapter.SPACE

    def compute(self, report: Report) -> tuple[Importance, ...]:
        objectives = report.result.config.optimization.all_objectives
        return tuple(
            importance_of(report.result, each, method) for each in objectives for method in report.options.methods
        )

    def figures(self, numbers: tuple[Importance, ...], report: Report) -> Sequence[Figure]:
        from morphogenetic_engine.reports.figures.importance import importance_figure

        return [importance_figure(numbers)]

    def terminal(self, numbers: tuple[Importance, ...], report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        return [TerminalPart(_heading(each), _body(each)) for each in numbers]


IMPORTANCE = ImportanceSection()


def parameter_order(report: Report) -> tuple[str, ...]:
    """Returns the parameters, the most important for the first objective first; the others keep their order."""
    judged = next((each.parameters for each in report.of(IMPORTANCE) if each.parameters), ())
    return tuple(dict.fromkeys([*(each.parameter for each in judged), *report.parameters]))


def _heading(importance: Importance) -> str:
    return f"Importance for {importance.objective} ({importance.method}, {counted(importance.trials, 'trial')})"


def _body(importance: Importance) -> RenderableType:
    if importance.withheld:
        return Text(importance.withheld, style="yellow")
    return Group(Text(importance.basis, style="dim"), _table(importance)) if importance.rungs else _table(importance)


def _table(importance: Importance) -> Table:
    table = Table.grid(padding=(0, 2))
    for each in importance.parameters[:_MOST_PARAMETERS]:
        style = "cyan" if each.clear else "dim"
        table.add_row(
            Text(short_text(each.parameter, _LETTERS)),
            Text(share_bar(each.share, _BAR), style=style),
            f"{each.share:.0%}",
            Text(
                f"{f'{each.low:.0%} to {each.high:.0%}':<12}{'' if each.clear else '  no more than chance'}",
                style="dim",
            ),
        )
    more = len(importance.parameters) - _MOST_PARAMETERS
    if more > 0:
        table.add_row(Text(f"and {more} more", style="dim"))
    if importance.left_out:
        table.add_row(Text(f"not judged: {', '.join(importance.left_out)}", style="dim"))
    return table
