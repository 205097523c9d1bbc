"""`sweep ensemble`: several models of a sweep that predict together."""

# Libraries that take long to import are imported by the command: --help is for the impatient.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from pathlib import Path

import click

from morphogenetic_engine.cli import options


@click.command("ensemble")
@options.sweep_id
@options.results
@click.option("--size", type=options.Integer(min=1), default=5, show_default=True, help="Models to pick, with repeats.")
@options.as_json
def ensemble_command(sweep_id: str, results: Path, size: int, as_json: bool) -> None:
    """Choose and save models that predict better together.

    They are checked on the test split.
    """
    from morphogenetic_engine.display.terminal import terminal
    from morphogenetic_engine.cli.views.ensemble_table import print_ensemble
    from morphogenetic_engine.sweeps.ensemble.ensemble import build_ensemble
    from morphogenetic_engine.sweeps.record.folder import find_sweep

    folder = find_sweep(results, sweep_id)
    info = build_ensemble(folder, size)
    if as_json:
        click.echo(info.model_dump_json(indent=2))
    else:
        print_ensemble(terminal(), info, folder)
