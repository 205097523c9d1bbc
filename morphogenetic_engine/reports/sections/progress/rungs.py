"""Section: the rungs of a halving, who was promoted, and whether early results can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.analysis.rungs import TRUSTED, RankCorrelation, Rungs, rungs_of_sweep
from morphogenetic_engine.reports.section import Chapter, PagePart, Report, Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.sections.terminal.cell_text import counted, metric_text

_COLUMNS = (
    "rung",
    "steps",
    "reached",
    "went on",
    "stopped",
    "failed",
    "worst that went on",
    "rank correlation with the next rung",
    "with the end",
)


class RungsSection(Section[Rungs | None]):
    """The rungs; None: the sweep has none, and too few complete trials to tell what they would be."""

    name = "rungs"
    chapter = Chapter.PROGRESS

    def compute(self, report: Report) -> Rungs | None:
        return rungs_of_sweep(report.result)

    def page(self, numbers: Rungs | None, report: Report, *, printed: bool) -> Sequence[PagePart]:
        if numbers is None:
            return ()
        shown = {"numbers": numbers, "columns": _columns(numbers), "rows": _rows(numbers), "lines": _lines(numbers)}
        return [PagePart("parts/rungs.html", shown)]

    def terminal(self, numbers: Rungs | None, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        if numbers is None or not numbers.halving:
            return ()
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in _columns(numbers):
            table.add_column(name, justify="left" if name in _COLUMNS[-2:] else "right", overflow="fold")
        for row in _rows(numbers):
            table.add_row(*row)
        return [TerminalPart("Rungs", Group(table, *(Text(line, style="dim") for line in _lines(numbers))))]


RUNGS = RungsSection()


def _columns(numbers: Rungs) -> Sequence[str]:
    return _COLUMNS if numbers.halving else (*_COLUMNS[:2], f"rank correlation {_COLUMNS[-1]}")


def _rows(numbers: Rungs) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    last = len(numbers.rungs) - 1
    for place, rung in enumerate(numbers.rungs):
        end = "the full length" if place == last else _correlation_text(rung.correlation)
        head = (str(place + 1), str(rung.reports))
        counts = (
            str(rung.reached),
            str(rung.went_on),
            str(rung.stopped),
            str(rung.failed),
            metric_text(rung.threshold),
            "" if place == last else _correlation_text(rung.with_next),
        )
        rows.append((*head, *(counts if numbers.halving else ()), end))
    return rows


def _correlation_text(found: RankCorrelation) -> str:
    if found.rho is None or found.low is None or found.high is None:
        return f"too few to say ({found.pairs})"
    return f"{found.rho:.2f} [{found.low:.2f}, {found.high:.2f}] ({found.pairs})"


def _lines(numbers: Rungs) -> list[str]:
    """Returns what follows from the numbers, a sentence a line."""
    lines = []
    if numbers.halving:
        spent = numbers.steps / numbers.full
        again = f", and {counted(numbers.repeated, 'step')} again without a checkpoint" if numbers.repeated else ""
        lines.append(f"{counted(numbers.steps, 'step')} were trained, {spent:.1f} full trainings{again}.")
    for place, rung in enumerate(numbers.rungs[:-1], start=1):
        if rung.with_next.high is not None and rung.with_next.high < TRUSTED:
            lines.append(
                f"Rung {place} ({rung.reports} steps) does not rank trials as the next rung does: raise"
                f" halving.first_rung to {numbers.rungs[place].reports}."
            )
    if not numbers.enough:
        lines.append("Too few trials were trained to the end to suggest a first rung.")
    elif numbers.suggested is None:
        lines.append(
            "No step before the end ranks the configurations well enough to be trusted: a higher first_rung, or full"
            " trainings, are safer."
        )
    else:
        lines.append(
            f"Suggested: halving.first_rung: {numbers.suggested}, from which on the ranks are those of the end."
        )
    return lines
