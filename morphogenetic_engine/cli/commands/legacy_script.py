"""The flags of the former script: a single run is recorded as a sweep of one trial."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.cli.main import run
from morphogenetic_engine.engine.settings import TrainingSettings

_NAME = "run_morphogenetic_experiment.py"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the former command line and exits with its status."""
    sys.exit(run(_command(), arguments, name=_NAME))


def _command() -> click.Command:
    flags: list[click.Parameter] = [
        click.Option([f"--{field.name}"], type=type(field.default), help=f"[default: {field.default}]")
        for field in fields(TrainingSettings)
    ]
    sweep_file = click.Option(
        ["--sweep_config"],
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A sweep file, old or new, or a folder.",
    )
    results = click.Option(
        ["--results"], type=click.Path(path_type=Path), default=options.DEFAULT_RESULTS, show_default=True
    )
    help_text = "One training run with these parameters, or with --sweep_config the sweep of a file."
    return click.Command(_NAME, callback=_run, params=[sweep_file, results, *flags], help=help_text)


def _run(sweep_config: Path | None, results: Path, **flags: bool | int | float | str | None) -> int:
    # pylint: disable=import-outside-toplevel  # keeps --help fast
    from morphogenetic_engine.cli.commands.running import run_and_show
    from morphogenetic_engine.sweeps.config_file import config_from, read_configs
    from morphogenetic_engine.sweeps.run.start import start_sweep

    given = {name: value for name, value in flags.items() if value is not None}
    if sweep_config is not None:
        if given:
            raise click.UsageError(f"--sweep_config and --{next(iter(given))} exclude each other: put it into the file")
        files = read_configs(sweep_config)
    else:
        files = [config_from({"sweep_type": "grid", "experiment": given}, where=_NAME)]
    return max(run_and_show(start_sweep(file, results=results)) for file in files)
