"""`morphogenetic sweep render`: a sweep file as what another system runs."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options

if TYPE_CHECKING:
    from morphogenetic_engine.sweeps.config_file import ConfigFile
    from morphogenetic_engine.backends.katib.render.experiment_options import RenderOptions

target = click.option("--to", "target", type=click.Choice(["katib"]), required=True, help="The system that runs it.")


experiment_options = options.several(
    click.option(
        "--name", metavar="NAME", help="Name of the Experiment.  [default: the file's, with the sweep's hash]"
    ),
    click.option("--namespace", metavar="NAME", help="Namespace.  [default: the one that kubectl is set to]"),
    click.option("--image", metavar="IMAGE", help="Image that trials run in.  [default: resources.image]"),
    click.option(
        "--gpu", type=options.Integer(min=0), metavar="N", help="GPUs of each trial.  [default: resources.gpu]"
    ),
    click.option(
        "--max-failed",
        type=options.Integer(min=0),
        metavar="N",
        help="Failed trials that end the sweep.  [default: all]",
    ),
    click.option(
        "--resume-policy",
        type=click.Choice(["Never", "LongRunning", "FromVolume"]),
        default="Never",
        show_default=True,
        help="Whether Katib keeps what it needs to go on with a finished Experiment.",
    ),
    click.option("--store", metavar="URL", help="Where trials upload their files: s3://bucket/folder."),
    click.option("--exact", is_flag=True, help="Run the very points of a local sweep, where they are known ahead."),
    options.trials,
    options.parallel,
    options.seed,
)
"""Where and how an Experiment runs; `file_overrides` and `render_options` take them."""


@click.command("render")
@options.config
@target
@experiment_options
def render_command(config: Path, target: str, **given: object) -> None:  # pylint: disable=unused-argument
    """Print a sweep as a Katib Experiment for `kubectl apply -f -`.

    What is lost goes to standard error.
    """
    from morphogenetic_engine.sweeps.config_file import read_configs
    from morphogenetic_engine.backends.katib.render.experiment import render_experiment
    from morphogenetic_engine.backends.katib.render.manifest_yaml import manifest_yaml
    from morphogenetic_engine.backends.katib.render.validation import validate_experiment

    files = read_configs(config, file_overrides(given))
    rendered = [(file, render_experiment(file, render_options(file, given))) for file in files]
    for _, experiment in rendered:
        validate_experiment(experiment.manifest)
    for file, experiment in rendered:
        for loss in experiment.losses:
            click.echo(f"# {file.path}: {loss.key}: {loss.text}", err=True)
    click.echo(manifest_yaml(experiment.manifest for _, experiment in rendered), nl=False)


def file_overrides(given: dict[str, object]) -> dict[str, object]:
    """Return the values among the options that take the place of the file's."""
    return options.overrides(trials=given["trials"], parallel=given["parallel"], seed=given["seed"])


def render_options(file: ConfigFile, given: dict[str, object]) -> RenderOptions:
    """Return what `experiment_options` were given, and the inputs of the file as they are here."""
    from pydantic import TypeAdapter

    from morphogenetic_engine.sweeps.record.inputs import read_inputs
    from morphogenetic_engine.backends.katib.render.experiment_options import RenderOptions

    inputs = read_inputs(file.config.experiment.inputs, Path.cwd(), str(file.path))
    names = ("name", "namespace", "image", "gpu", "max_failed", "resume_policy", "store", "exact")
    return TypeAdapter(RenderOptions).validate_python({"inputs": inputs, **{name: given[name] for name in names}})


def losses_json(file: ConfigFile) -> list[dict[str, str]]:
    """Return what Katib does not do of a sweep file, as plain values for JSON."""
    from morphogenetic_engine.backends.katib.render.experiment import losses_of
    from morphogenetic_engine.backends.katib.render.experiment_options import RenderOptions

    return [asdict(loss) for loss in losses_of(file, RenderOptions())]


def print_losses(file: ConfigFile) -> None:
    """Say what Katib does not do of what a sweep file says."""
    for loss in losses_json(file):
        click.echo(f"katib: {loss['key']}: {loss['text']}")
