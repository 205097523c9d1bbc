"""`morphogenetic sweep promote`: the best trial's model into MLflow's registry, under an alias."""

# Libraries that take long to import are imported by the commands that need them: --help is for the impatient.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from morphogenetic_engine.cli import options

NOT_PROMOTED = 1


@click.command("promote")
@options.sweep_id
@options.results
@click.option("--name", required=True, metavar="NAME", help="The registered model; made where there is none.")
@click.option("--alias", default="champion", show_default=True, metavar="ALIAS", help="What it is loaded by.")
@click.option(
    "--threshold",
    "--min-value",
    type=float,
    callback=options.finite,
    metavar="VALUE",
    help="Only if the objective is at least this (at most, where it is minimised).",
)
@click.option("--force", is_flag=True, help="Also if the version that has the alias is better, or cannot be compared.")
@click.option("--uri", metavar="URI", help="MLflow's server.  [default: as the sweep file or MLFLOW_TRACKING_URI says]")
@options.as_json
def promote_command(*, sweep_id: str, results: Path, as_json: bool, **given: object) -> int:
    """Register the best model in MLflow, under an alias.

    The exit status is 1 when it is not good enough: worse than the threshold, or than the model that has the alias.
    """
    from morphogenetic_engine.sweeps.record.folder import find_sweep
    from morphogenetic_engine.sinks.mlflow.promotion import promote

    promotion = promote(find_sweep(results, sweep_id), **given)  # type: ignore[arg-type]  # as click read them
    if as_json:
        click.echo(json.dumps(asdict(promotion), indent=2))
    elif promotion.promoted:
        click.echo(f"{promotion.reason}: models:/{given['name']}@{given['alias']}, version {promotion.version}")
    else:
        click.echo(f"not promoted: {promotion.reason}", err=True)
    return 0 if promotion.promoted else NOT_PROMOTED
