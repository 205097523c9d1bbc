"""`morphogenetic sweep repair`: repairs a damaged sweep folder."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from pathlib import Path

import click

from morphogenetic_engine.cli import options


@click.command("repair")
@options.sweep_id
@options.results
def repair_command(sweep_id: str, results: Path) -> None:
    """Repair a damaged sweep folder; intact trials are kept.

    A trial that may be incomplete runs again, from its start, when the sweep is resumed.
    """
    from morphogenetic_engine.sweeps.record.folder import existing_folder
    from morphogenetic_engine.sweeps.record.journal_file.repair import repair_sweep

    folder = existing_folder(results, sweep_id)
    repair = repair_sweep(folder)
    if repair.aside is None:
        click.echo(f"{folder.path}: nothing is damaged")
        return
    if repair.survey.damaged or repair.survey.lost:
        lost = ", ".join(map(str, repair.survey.lost)) or "none"
        click.echo(f"journal.jsonl: {len(repair.survey.kept)} lines kept, {repair.survey.damaged} damaged")
        click.echo(f"trials that run again: {lost}")
    if repair.info:
        click.echo(f"sweep.json: {repair.info}")
    if repair.table:
        click.echo("trials.csv: set aside, as its journal is gone; all trials run again")
    elsewhere = "" if results == options.DEFAULT_RESULTS else f" --results {results}"
    click.echo(f"what was there before: {repair.aside}")
    click.echo(f"continue with: morphogenetic sweep resume --sweep-id {sweep_id}{elsewhere}")
