"""Prints a sweep's summary in the terminal: its heading, then each section."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.segment import Segments
from rich.text import Text

from morphogenetic_engine.reports.analysis.configurations import Configuration
from morphogenetic_engine.reports.section import Section, TerminalPart, TerminalView
from morphogenetic_engine.reports.summary import SweepSummary

_INDENT = 2
_STOPPED = ("killed", "interrupted", "time_is_up", "aborted")


def print_summary(
    console: Console, summary: SweepSummary, trials: Sequence[Configuration], title: str, state: str
) -> None:
    """Prints a summary; `trials` are the rows of its trial table, `state` is the state that `sweep list` shows."""
    console.print(_head(summary, state))
    if state in _STOPPED:
        command = f"morphogenetic sweep resume --sweep-id {summary.identification.sweep_id}"
        console.print(Text(f"  continue with: {command}", style="yellow"), soft_wrap=True)
    view = TerminalView(console, console.width - _INDENT, title, trials)
    for section in summary.sections:
        for line in _section(summary, section, view):
            console.print(line)


def _section(summary: SweepSummary, section: Section[object], view: TerminalView) -> list[RenderableType]:
    def shown(numbers: object) -> list[RenderableType]:
        return _lines(section.terminal(numbers, summary, view), view.console)

    def failed(failure: str) -> list[RenderableType]:
        return _lines([TerminalPart(section.name, Text(failure, style="yellow"))], view.console)

    return summary.show(section, shown, failed)


def _lines(parts: Sequence[TerminalPart], console: Console) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for part in parts:
        if part.heading:
            lines += ["", Text(part.heading, style="bold")]
        body = Padding(part.body, (0, 0, 0, _INDENT), expand=False)
        lines.append(Segments(console.render(body)))  # rendered here, where only this section is lost if it raises
    return lines


def _head(summary: SweepSummary, state: str) -> Text:
    known = summary.identification
    goals = ", ".join(f"{each.direction} {each.metric}" for each in summary.objectives)
    counts = ", ".join(f"{count} {state}" for state, count in summary.counts.items()) or "no trial"
    return Text.assemble(
        ("sweep ", "dim"),
        (known.sweep_id, "bold"),
        (f"  {known.sweep_type}  {state.replace('_', ' ')}  {counts}  {goals}", "dim"),
    )
