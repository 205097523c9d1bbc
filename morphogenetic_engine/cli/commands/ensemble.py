"""`sweep ensemble`: selects models of a sweep that predict together."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from pathlib import Path

import click

from morphogenetic_engine.cli import options


@click.command("ensemble")
@options.sweep_id
@options.results
@click.option(
    "--size", type=options.Integer(min=1), default=5, show_default=True, help="Number of picks, with replacement."
)
@options.trust
@options.as_json
def ensemble_command(*, sweep_id: str, results: Path, size: int, trust: bool, as_json: bool) -> None:
    """Select and save models that predict better together.

    The ensemble is evaluated on the test split.
    """
    from morphogenetic_engine.cli.views.ensemble_table import print_ensemble
    from morphogenetic_engine.monitor.display.terminal import terminal
    from morphogenetic_engine.sweeps.ensemble.ensemble import build_ensemble
    from morphogenetic_engine.sweeps.ensemble.trust import check_trusted
    from morphogenetic_engine.sweeps.record.folder import find_sweep

    folder = find_sweep(results, sweep_id)
    if not trust:
        check_trusted(folder.read_info())
    info = build_ensemble(folder, size)
    if as_json:
        click.echo(info.model_dump_json(indent=2))
    else:
        print_ensemble(terminal(), info, folder)
