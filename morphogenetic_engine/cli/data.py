"""`morphogenetic data`: writes a data set of the engine's problems to a file."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

import click

from morphogenetic_engine.cli.main import run
from morphogenetic_engine.engine.settings import DATA_PARAMETERS, FILE, PROBLEMS, TrainingSettings
from morphogenetic_engine.trial import Value

_NAMES = {"samples": "n_samples"}


def _with_data_options(command: click.decorators.FC) -> click.decorators.FC:
    """Adds an option for each parameter that determines the samples of a problem."""
    defaults = {field.name: field.default for field in fields(TrainingSettings)}
    shown = {parameter: option for option, parameter in _NAMES.items()}
    for name in reversed(DATA_PARAMETERS):
        flag = f"--{shown.get(name, name).replace('_', '-')}"
        command = click.option(
            flag, name, type=type(defaults[name]), default=defaults[name], show_default=True, metavar="VALUE"
        )(command)
    return command


@click.command("data", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--problem",
    type=click.Choice([name for name in PROBLEMS if name != FILE]),
    default="spirals",
    show_default=True,
    help="The problem.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE", help="The .npz to write."
)
@click.option("--seed", type=int, default=42, show_default=True, metavar="N", help="Seed of the samples.")
@_with_data_options
@click.option("--force", is_flag=True, help="Overwrite a file with other content.")
def data(*, problem: str, out: Path, seed: int, force: bool, **given: Value) -> None:
    """Write a data set of the engine's problems to a file; the same options give the same bytes.

    \b
    A sweep learns from it with
        experiment:
          inputs: {data_file: data/spirals.npz}
    and records its SHA-256. The other options are parameters of the problems, see docs/engine.md.
    """
    from morphogenetic_engine.engine.data.data_export import write_data_set

    settings = TrainingSettings.from_params({"problem_type": problem, "seed": seed, **given})
    made = write_data_set(settings, out, replace=force)
    shape = f"{made.samples} samples, {made.features} features, {made.classes} classes"
    click.echo(f"{out}: {shape}, sha256 {made.sha256}")


if __name__ == "__main__":
    sys.exit(run(data, name="data"))
