"""Prints a sweep's summary in the terminal: its heading, then each section."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from morphogenetic_engine.reports.analysis.configurations import Configuration
from morphogenetic_engine.reports.section import TerminalView
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
        for part in section.terminal(summary.of(section), summary, view):
            if part.heading:
                console.print()
                console.print(Text(part.heading, style="bold"))
            console.print(Padding(part.body, (0, 0, 0, _INDENT), expand=False))


def _head(summary: SweepSummary, state: str) -> Text:
    known = summary.identification
    goals = ", ".join(f"{each.direction} {each.metric}" for each in summary.objectives)
    counts = ", ".join(f"{count} {state}" for state, count in summary.counts.items()) or "no trial"
    return Text.assemble(
        ("sweep ", "dim"),
        (known.sweep_id, "bold"),
        (f"  {known.sweep_type}  {state.replace('_', ' ')}  {counts}  {goals}", "dim"),
    )
