"""`morphogenetic sweep list | show`: lists sweeps, and shows the trials of one."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options

if TYPE_CHECKING:
    from morphogenetic_engine.sweeps.record.trials import TrialRecord


@click.command("list")
@options.results
@options.as_json
def list_command(results: Path, as_json: bool) -> None:
    """List the sweeps of a results folder."""
    from morphogenetic_engine.cli.views.tables import overview_table
    from morphogenetic_engine.monitor.display.terminal import terminal
    from morphogenetic_engine.sweeps.overview import UnreadableSweep, overviews

    sweeps = overviews(results)
    if as_json:
        _print_json([asdict(each) for each in sweeps])
    elif sweeps:
        terminal().print(overview_table(sweeps))
        for each in sweeps:
            if isinstance(each, UnreadableSweep):
                click.echo(f"sweep: {each.problem}", err=True)
    else:
        click.echo(f"{results}: no sweep yet")


@click.command("show")
@options.sweep_id
@options.results
@options.as_json
@click.option("--top", type=options.Integer(min=1), metavar="N", help="Only the N best trials.")
def show_command(sweep_id: str, results: Path, as_json: bool, top: int | None) -> None:
    """Show the trials of a sweep, finished or running."""
    from morphogenetic_engine.cli.views.tables import overview_table, trials_table
    from morphogenetic_engine.monitor.display.terminal import terminal
    from morphogenetic_engine.sweeps.overview import overview
    from morphogenetic_engine.sweeps.record.folder import find_sweep
    from morphogenetic_engine.sweeps.record.origin import read_trial_names
    from morphogenetic_engine.sweeps.results import read_result

    folder = find_sweep(results, sweep_id)
    result = read_result(folder)
    trials = result.ranked[:top] if top else result.trials
    origin, names = result.info.origin, read_trial_names(folder.path)
    if as_json:
        came_from = {"origin": origin.model_dump()} if origin else {}
        _print_json({**asdict(overview(folder)), **came_from, "trials": _rows(trials, names)})
        return
    console = terminal()
    console.print(overview_table([overview(folder)]))
    if origin:
        click.echo(f"on {origin.system}: {origin.where}{f', cluster {origin.cluster}' if origin.cluster else ''}")
    console.print()
    console.print(trials_table(result, trials, console.width, names))


def _rows(trials: Sequence[TrialRecord], names: Mapping[int, str]) -> list[dict[str, object]]:
    """Returns the trials as JSON, with their names on the system that ran them if it was another one."""
    from morphogenetic_engine.cli.views.tables import trial_json
    from morphogenetic_engine.sweeps.record.tables.trial_table import ELSEWHERE_COLUMN

    elsewhere = [{ELSEWHERE_COLUMN: names.get(trial.number)} if names else {} for trial in trials]
    return [{**trial_json(trial), **name} for trial, name in zip(trials, elsewhere, strict=True)]


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))
