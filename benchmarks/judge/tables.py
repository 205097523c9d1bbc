"""The tables of the comparison for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from benchmarks.judge.results import GOALS, LEVEL, SHOWN, times_less
from benchmarks.judge.statistics import Cube, Estimate, is_better, mean_regret


def regrets(suite: str, measured: Mapping[str, Cube]) -> Table:
    """Returns the mean normalised regrets; a star marks a contestant that is better than ours with p < 0.05."""
    table = Table(title=f"{suite}: mean normalised regret [95 % interval]", title_justify="left", box=None)
    table.add_column("full trainings")
    table.add_column("seeds", justify="right")
    for budget in SHOWN:
        table.add_column(str(budget), justify="right")
    ours = next(iter(measured.values()), None)
    for name, theirs in measured.items():
        if ours is not None:
            table.add_row(name, str(theirs.shape[1]), *(_cell(theirs, ours, budget) for budget in SHOWN))
    return table


def ratios(suite: str, measured: Mapping[str, Cube]) -> Table:
    """Returns how many times less training ours needs for what the others reach with the greatest budget."""
    table = Table(title=f"{suite}: times less training than with 50", title_justify="left", box=None)
    for column in ("contestant", "ratio", "goal", ""):
        table.add_column(column)
    for name, ratio, reached in times_less(measured) if measured else ():
        goal = f">= {GOALS[name].ratio:.3g}" if name in GOALS else ""
        table.add_row(name, _written(ratio), goal, {True: "reached", False: "missed", None: ""}[reached])
    return table


def _cell(theirs: Cube, ours: Cube, budget: int) -> str:
    star = "*" if theirs is not ours and is_better(theirs, ours, budget) < LEVEL else ""
    return _written(mean_regret(theirs, budget)) + star


def _written(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} {estimate.low:.3f}-{estimate.high:.3f}"
