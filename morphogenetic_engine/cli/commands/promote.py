"""`morphogenetic sweep promote`: registers the best trial's model in MLflow under an alias."""

# Deferred imports keep --help fast.
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
@click.option("--name", required=True, metavar="NAME", help="The registered model; created if missing.")
@click.option("--alias", default="champion", show_default=True, metavar="ALIAS", help="The alias of the version.")
@click.option(
    "--threshold",
    "--min-value",
    type=float,
    callback=options.finite,
    metavar="VALUE",
    help="Only if the objective is at least this (at most, if it is minimised).",
)
@click.option("--force", is_flag=True, help="Promote even if the current version is better or not comparable.")
@click.option("--uri", metavar="URI", help="MLflow's server.  [default: that of the sweep file or MLFLOW_TRACKING_URI]")
@options.trust
@options.as_json
def promote_command(*, sweep_id: str, results: Path, trust: bool, as_json: bool, **given: object) -> int:
    """Register the best model in MLflow, under an alias.

    The exit status is 1 if the model is worse than the threshold or than the model that has the alias.
    """
    from morphogenetic_engine.sinks.mlflow.promotion import promote
    from morphogenetic_engine.sweeps.ensemble.trust import check_trusted
    from morphogenetic_engine.sweeps.record.folder import find_sweep

    folder = find_sweep(results, sweep_id)
    if not trust:
        check_trusted(folder.read_info())
    promotion = promote(folder, **given)  # type: ignore[arg-type]  # as click read them
    if as_json:
        click.echo(json.dumps(asdict(promotion), indent=2))
    elif promotion.promoted:
        click.echo(f"{promotion.reason}: models:/{given['name']}@{given['alias']}, version {promotion.version}")
    else:
        click.echo(f"not promoted: {promotion.reason}", err=True)
    return 0 if promotion.promoted else NOT_PROMOTED
