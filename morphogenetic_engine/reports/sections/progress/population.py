"""Section: a population, the schedule that its best member found, and each member's line of descent."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.analysis.search_course.lines_of_descent import Population, Stage, population_of
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.sections.terminal.cell_text import counted, metric_text, value_text
from morphogenetic_engine.trial import text


class PopulationSection(Section[Population | None]):
    """The population; None: the sweep has none."""

    name = "population"
    chapter = Chapter.PROGRESS

    def compute(self, report: Report) -> Population | None:
        return population_of(report.result)

    def page(self, numbers: Population | None, report: Report, *, printed: bool) -> Sequence[PagePart]:
        if numbers is None:
            return ()
        shown = {
            "numbers": numbers,
            "columns": _columns(numbers),
            "rows": _rows(numbers),
            "lines": _lines(numbers, report.result.info.sweep_id),
            "descent": [(str(each.trial), metric_text(each.value), _line(each.line)) for each in numbers.lines],
        }
        return [PagePart("parts/population.html", shown)]

    def terminal(self, numbers: Population | None, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        if numbers is None:
            return ()
        schedule = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in _columns(numbers):
            schedule.add_column(name, justify="right")
        for row in _rows(numbers):
            schedule.add_row(*row)
        descent = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in ("member", "objective"):
            descent.add_column(name, justify="right")
        descent.add_column("line of descent", overflow="fold")
        for each in numbers.lines:
            descent.add_row(str(each.trial), metric_text(each.value), _line(each.line))
        lines = [Text(line, style="dim") for line in _lines(numbers, report.result.info.sweep_id)]
        return [
            TerminalPart("Schedule of the best member", Group(schedule, *lines)),
            TerminalPart("Population", descent),
        ]


POPULATION = PopulationSection()


def _columns(numbers: Population) -> list[str]:
    changing = numbers.line_of_best[-1].params if numbers.line_of_best else {}
    return ["trial", "steps", *changing, "objective", "from"]


def _rows(numbers: Population) -> list[list[str]]:
    rows = []
    for place, stage in enumerate(numbers.line_of_best):
        origin = (
            "" if place == 0 else f"{'a copy of ' if stage.copied else ''}trial {numbers.line_of_best[place - 1].trial}"
        )
        values = map(value_text, stage.params.values())
        rows.append([str(stage.trial), _steps(stage), *values, metric_text(stage.value), origin])
    return rows


def _steps(stage: Stage) -> str:
    if stage.first_step is None or stage.last_step is None:
        return "none"
    return str(stage.first_step) if stage.first_step == stage.last_step else f"{stage.first_step} to {stage.last_step}"


def _line(line: Sequence[int]) -> str:
    return " > ".join(map(str, line))


def _lines(numbers: Population, sweep_id: str) -> list[str]:
    """Returns what the tables do not say, a sentence a line."""
    again = f"morphogenetic sweep confirm --sweep-id {sweep_id} --top 1"
    lines = [
        f"{numbers.members} members, {numbers.generations} generations of {counted(numbers.length, 'report')};"
        f" {counted(numbers.replaced, 'member')} went on from a copy of a better one."
    ]
    if numbers.repeated:
        repeated = counted(numbers.repeated, "step")
        lines.append(f"{repeated} were trained again: the workload does not go on from its parent's files.")
    if numbers.line_of_best:
        fixed = " ".join(f"{name}={text(value)}" for name, value in numbers.fixed.items())
        lines.append(
            f"In this training the parameters change at these steps{f', and {fixed}' if fixed else ''}. It is run from"
            f" the start, on fresh seeds, by: {again}"
        )
    return lines
