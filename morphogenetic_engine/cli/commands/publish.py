"""`morphogenetic sweep publish`: sends the missing trials of a sweep to MLflow, an Optuna storage and other sinks."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

from pathlib import Path

import click

from morphogenetic_engine.cli import options


@click.command("publish")
@options.sweep_id
@options.results
@click.option(
    "--uri",
    metavar="URI",
    help="MLflow's tracking server, also of a sweep that is only in an Optuna storage."
    "  [default: as the sweep file or MLFLOW_TRACKING_URI says]",
)
def publish_command(sweep_id: str, results: Path, uri: str | None) -> None:
    """Send the missing trials of a sweep to MLflow and Optuna.

    Nothing is sent twice. Optuna's storage is the one that the sweep file names.
    """
    from morphogenetic_engine.sinks.destinations import publish_all
    from morphogenetic_engine.sweeps.record.folder import find_sweep

    for line in publish_all(find_sweep(results, sweep_id), uri=uri):
        click.echo(line)
