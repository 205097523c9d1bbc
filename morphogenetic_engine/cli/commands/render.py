"""`morphogenetic sweep render`: a sweep file in the form that another system runs."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options

if TYPE_CHECKING:
    from morphogenetic_engine.backends.backend import RenderOptions, SuggestionsBy, Unsupported
    from morphogenetic_engine.sweeps.config_file import ConfigFile


run_options = options.several(
    click.option(
        "--name", metavar="NAME", help="Name of the Experiment.  [default: the file's, with the sweep's hash]"
    ),
    click.option("--namespace", metavar="NAME", help="Namespace.  [default: the one that kubectl is set to]"),
    click.option("--image", metavar="IMAGE", help="Image of the trials.  [default: resources.image]"),
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
        help="Katib's resume policy: whether a finished Experiment can be continued.",
    ),
    click.option("--store", metavar="URL", help="Where trials upload their files: s3://bucket/folder."),
    options.algorithm,
    click.option(
        "--exact", is_flag=True, help="Run exactly the points of a local sweep, if they are known in advance."
    ),
    options.trials,
    options.parallel,
    options.seed,
)
"""The place and the settings of a sweep on another system; `file_overrides` and `render_options` take them."""


@click.command("render")
@options.config
@options.target
@run_options
@options.results
def render_command(config: Path, target: str, **given: object) -> None:
    """Print a sweep as a Katib Experiment for `kubectl apply -f -`.

    Settings that Katib does not support go to standard error.
    """
    from morphogenetic_engine.backends.backend import load_delegate
    from morphogenetic_engine.sweeps.config_file import read_configs

    delegate = load_delegate(target)
    files = read_configs(config, file_overrides(given))
    rendered = [delegate.render(file, render_options(file, given)) for file in files]
    for file, each in zip(files, rendered, strict=True):
        print_unsupported(file, each.unsupported)
    click.echo("---\n".join(each.text for each in rendered), nl=False)


def file_overrides(given: dict[str, object]) -> dict[str, object]:
    """Returns the values among the options that replace those of the file."""
    return options.overrides(trials=given["trials"], parallel=given["parallel"], seed=given["seed"])


def render_options(file: ConfigFile, given: dict[str, object]) -> RenderOptions:
    """Returns the values of `run_options`, with the sweep's input files and the results of its warm start."""
    from pydantic import TypeAdapter

    from morphogenetic_engine.backends.backend import RenderOptions as Options
    from morphogenetic_engine.sweeps.record.inputs import read_inputs
    from morphogenetic_engine.sweeps.search.warm_start import warm_start_of

    inputs = read_inputs(file.config.experiment.inputs, Path.cwd(), str(file.path))
    names = ("name", "namespace", "image", "gpu", "max_failed", "resume_policy", "store", "algorithm", "exact")
    read = TypeAdapter(Options).validate_python({"inputs": inputs, **{name: given[name] for name in names}})
    results = given["results"]
    assert isinstance(results, Path)
    return read if read.algorithm == "katib" else replace(read, earlier=warm_start_of(file.config, results))


def unsupported_settings(target: str, file: ConfigFile, algorithm: SuggestionsBy) -> list[Unsupported]:
    """Returns the settings of a sweep file that a system does not support."""
    from morphogenetic_engine.backends.backend import RenderOptions as Options
    from morphogenetic_engine.backends.backend import load_delegate

    return list(load_delegate(target).unsupported(file, Options(algorithm=algorithm)))


def print_unsupported(file: ConfigFile, unsupported: Iterable[Unsupported]) -> None:
    """Prints the settings that a system does not support to standard error, as comments of the YAML."""
    for each in unsupported:
        click.echo(f"# {file.path}: {each.key}: {each.text}", err=True)
