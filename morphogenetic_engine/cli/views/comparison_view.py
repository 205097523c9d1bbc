"""Prints a comparison in the terminal; all numbers come from the comparison."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from morphogenetic_engine.reports.comparison.candidates import Candidate
from morphogenetic_engine.reports.comparison.comparison_report import ComparisonReport
from morphogenetic_engine.reports.findings import duration
from morphogenetic_engine.reports.sections.terminal.bars import sparkline
from morphogenetic_engine.reports.sections.terminal.comparison_table import Comparisons
from morphogenetic_engine.sweeps.space.search_space import shown

_WIDTH = 30
_UNLIMITED = 100_000


def print_comparison(console: Console, report: ComparisonReport) -> None:
    """Prints a comparison."""
    console.print(Text(f"{report.metric}, {report.direction}", style="dim"))
    table = _candidates(report, with_parameters=True)
    if Measurement.get(console, console.options.update(max_width=_UNLIMITED), table).maximum <= console.width:
        console.print(table)
    else:
        console.print(_candidates(report, with_parameters=False))
        console.print(Text("\n".join(f"{each.name}: {_parameters(each)}" for each in report.candidates), style="dim"))
    if report.sweeps:
        _part(console, "The sweeps as a whole", _sweeps(report))
    _part(console, "Is the first really better?", Comparisons(report.comparisons))
    if report.shared:
        found = [each.comparison for each in report.shared]
        counts = ", ".join(f"{each.configurations} with {each.other}" for each in report.shared)
        _part(console, f"Configurations in common ({counts})", Comparisons(found))
    if report.profiles and all(profile.runs > 1 for profile in report.profiles):
        _part(console, "Share of runs at least as good, from the worst to the best value", _profiles(report))
    for note in report.notes:
        console.print(Text(f"note: {note}", style="yellow"), soft_wrap=True)


def _part(console: Console, heading: str, table: RenderableType) -> None:
    console.print()
    console.print(Text(heading, style="bold"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _candidates(report: ComparisonReport, *, with_parameters: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    names = ("", "trial", "mean", "deviation", "95 % interval", "seeds", "evidence")
    for name in (*names, "parameters") if with_parameters else names:
        table.add_column(name, justify="left" if name in ("", "evidence", "parameters") else "right", overflow="fold")
    for each in report.candidates:
        spread = each.spread
        interval = "" if spread.low is None or spread.high is None else f"{shown(spread.low)} to {shown(spread.high)}"
        table.add_row(
            Text(each.name),
            str(each.trial),
            shown(spread.mean),
            "" if spread.deviation is None else f"{spread.deviation:.3g}",
            interval,
            str(len(spread.values)),
            Text(each.evidence.value, style="yellow" if each.one_seed else ""),
            *([Text(_parameters(each))] if with_parameters else []),
        )
    return table


def _parameters(each: Candidate) -> str:
    return " ".join(f"{name}={shown(value)}" for name, value in each.params.items())


def _sweeps(report: ComparisonReport) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("", "complete", "best", "median", "trial time"):
        table.add_column(name, justify="left" if not name else "right")
    for each in report.sweeps:
        best = "" if each.best is None else shown(each.best)
        median = "" if each.median is None else shown(each.median)
        table.add_row(Text(each.sweep_id), str(each.complete), best, median, duration(each.trial_seconds))
    return table


def _profiles(report: ComparisonReport) -> Table:
    table = Table.grid(padding=(0, 2))
    for profile in report.profiles:
        table.add_row(Text(profile.name), sparkline(profile.share, _WIDTH, low=0, high=1), f"{profile.runs} runs")
    first = report.profiles[0]
    table.add_row("", Text(f"{shown(first.thresholds[0])} to {shown(first.thresholds[-1])}", style="dim"))
    return table
