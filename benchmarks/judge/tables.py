"""The tables of the comparison, for the terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from benchmarks.judge.statistics import Cube, Estimate, budget_ratio, is_better, mean_regret

SHOWN = (3, 5, 10, 20, 50)
_RESULTS = Path(__file__).parents[1] / "results" / "judge.json"
# (who spends 50 full trainings, how many times less ours must need, the least lower end of the interval)
_GOALS = (("Optuna TPE + MedianPruner", 3.0, 2.0), ("random", 50 / 6, 0.0))
_LEVEL = 0.05


def regrets(suite: str, measured: Mapping[str, Cube]) -> Table:
    """Returns the mean normalised regrets; a star marks a contestant that is better than ours with p < 0.05."""
    table = Table(title=f"{suite}: mean normalised regret [95 % interval]", title_justify="left", box=None)
    table.add_column("full trainings")
    for budget in SHOWN:
        table.add_column(str(budget), justify="right")
    ours = next(iter(measured.values()))
    for name, theirs in measured.items():
        table.add_row(name, *(_cell(theirs, ours, budget) for budget in SHOWN))
    return table


def ratios(suite: str, measured: Mapping[str, Cube]) -> Table:
    """Returns how many times less training ours needs for what the others reach with the greatest budget."""
    table = Table(title=f"{suite}: times less training than with 50", title_justify="left", box=None)
    for column in ("contestant", "ratio", "goal", ""):
        table.add_column(column)
    for name, ratio in _ratios(measured):
        goal = next((each for each in _GOALS if each[0] == name), None)
        if goal is None:
            table.add_row(name, _written(ratio), "", "")
            continue
        reached = ratio.value >= goal[1] and ratio.low >= goal[2]
        table.add_row(name, _written(ratio), f">= {goal[1]:.3g}", "reached" if reached else "missed")
    return table


def write_results(measured: Mapping[str, Mapping[str, Cube]]) -> None:
    """Writes the tables to benchmarks/results/judge.json."""
    _RESULTS.parent.mkdir(exist_ok=True)
    written = {
        suite: {
            "seeds": next(iter(found.values())).shape[1],
            "regret": {
                name: {str(budget): asdict(mean_regret(theirs, budget)) for budget in SHOWN}
                for name, theirs in found.items()
            },
            "times_less_training": {name: asdict(ratio) for name, ratio in _ratios(found)},
        }
        for suite, found in measured.items()
    }
    _RESULTS.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def _ratios(measured: Mapping[str, Cube]) -> Iterator[tuple[str, Estimate]]:
    first, *others = measured.items()
    for name, theirs in others:
        yield name, budget_ratio(first[1], theirs, SHOWN[-1])


def _cell(theirs: Cube, ours: Cube, budget: int) -> str:
    star = "*" if theirs is not ours and is_better(theirs, ours, budget) < _LEVEL else ""
    return _written(mean_regret(theirs, budget)) + star


def _written(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} {estimate.low:.3f}-{estimate.high:.3f}"
