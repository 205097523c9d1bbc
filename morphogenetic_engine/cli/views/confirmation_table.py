"""Shows a confirmation: a line for each run, a table of the configurations, and both as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from morphogenetic_engine.sweeps.confirm.confirmation import Confirmed
from morphogenetic_engine.sweeps.confirm.confirmation_run import Observer
from morphogenetic_engine.sweeps.record.events import ConfirmationEnded
from morphogenetic_engine.sweeps.results import SweepResult

_COLUMNS = ("trial", "", "mean", "deviation", "min", "max", "seeds", "failed", "in the search", "parameters")


def line_for_each(target: str) -> Observer:
    """Returns an observer that prints a line for each run that ends; `target` is the objective."""

    def show(event: ConfirmationEnded, left: int) -> None:
        value = f"  {target}={event.metrics[target]:.6g}" if target in event.metrics else ""
        why = f"  {event.reason}: {event.message}" if event.reason else ""
        run = f"trial {event.trial}  seed {event.index}"
        click.echo(f"[{left} left] {run}  {event.state}{value}  {event.duration:.1f} s{why}")

    return show


def print_confirmation(console: Console, result: SweepResult, summaries: Sequence[Confirmed], seeds: int) -> None:
    """Prints the table, the value that the search reported, and the trials with incomplete seeds."""
    console.print(confirmation_table(result, summaries))
    best, metric = summaries[0], result.config.optimization.target_metric
    lines = []
    if best.search_value is not None and best.mean is not None:
        lines.append(
            f"{metric} of trial {best.trial.number}: the search reported {best.search_value:.6g}, the mean over"
            f" {len(best.values)} fresh seeds is {best.mean:.6g}"
        )
    short = [str(each.trial.number) for each in summaries if len(each.values) < seeds]
    if short:
        lines.append(f"not all {seeds} seeds are complete for trial {', '.join(short)}")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def confirmation_table(result: SweepResult, summaries: Sequence[Confirmed]) -> Table:
    """Returns the configurations as rows: the objective over the fresh seeds, and its value in the search."""
    title = f"{result.config.optimization.target_metric} over fresh seeds"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in ("", "parameters") else "right", overflow="fold")
    for each in summaries:
        table.add_row(
            str(each.trial.number),
            "baseline" if each.baseline else "",
            *map(_number, (each.mean, each.deviation, min(each.values, default=None), max(each.values, default=None))),
            str(len(each.values)),
            str(each.failed or ""),
            _number(each.search_value),
            result.config.space.describe(each.trial.params) + _schedule(each),
        )
    return table


def confirmation_json(result: SweepResult, summaries: Sequence[Confirmed]) -> dict[str, object]:
    """Returns a confirmation as plain values for JSON, every run's metrics included."""
    optimization = result.config.optimization
    return {
        "sweep_id": result.info.sweep_id,
        "metric": optimization.target_metric,
        "direction": optimization.direction,
        "configurations": [_configuration(each) for each in summaries],
    }


def _configuration(each: Confirmed) -> dict[str, object]:
    return {
        "trial": each.trial.number,
        "baseline": each.baseline,
        "params": dict(each.trial.params),
        "line": list(each.line),
        "search_value": each.search_value,
        "mean": each.mean,
        "deviation": each.deviation,
        "min": min(each.values, default=None),
        "max": max(each.values, default=None),
        "values": list(each.values),
        "failed": each.failed,
        "runs": {index: asdict(run) for index, run in sorted(each.trial.confirmations.items())},
    }


def _schedule(each: Confirmed) -> str:
    """Returns the trials whose parameters a run has one after the other; empty: it has those of its trial alone."""
    return f"; schedule of trials {' > '.join(map(str, each.line))}" if each.line else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
