"""`python -m pipelines`: compiles, submits and schedules pipelines, lists and stops runs, runs them on this machine."""

# kfp takes a second to import; deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from pathlib import Path
from typing import Any

import click

from morphogenetic_engine.cli.sectioned_group import SectionedGroup
from pipelines import options, run_commands
from pipelines.plan import ObjectStore, Pipeline, Plan

DEFAULT_RESULTS = Path("results/pipelines")


@click.group(cls=SectionedGroup, context_settings={"help_option_names": ["-h", "--help"]})
def pipelines() -> None:
    """Sweeps as pipelines of Kubeflow: sweep, train the best, evaluate, report."""


@click.command("compile")
@options.plan
@click.option("--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The compiled pipeline.")
def compile_command(output: Path, **given: Any) -> None:
    """Compile a pipeline into the file that Kubeflow takes."""
    from pipelines.compiling import write
    from pipelines.large_config import with_stored_config

    write(with_stored_config(options.planned(**given)), output)
    click.echo(str(output))


@click.command("local")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("examples/smoke.yaml"),
    show_default=True,
    metavar="FILE",
    help="Sweep file.",
)
@click.option(
    "--storage", default="", metavar="ADDRESS", help="Where sweep and report are stored.  [default: the folder]"
)
@click.option(
    "--results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS, show_default=True, help="Folder of the runs."
)
@click.option(
    "--runner",
    type=click.Choice(["subprocess", "docker"]),
    default="subprocess",
    show_default=True,
    help="docker: each component in a container of its image, with podman or Docker.",
)
@options.images
def local_command(
    config: Path, storage: str, results: Path, runner: str, train_image: str | None, report_image: str | None
) -> int:
    """Run the pipeline on this machine, without a cluster.

    Each component has a process or a container of its own.
    """
    from datetime import datetime

    from morphogenetic_engine.sweeps.config_file import read_config
    from pipelines.local.local_run import HERE, run_here

    images = HERE if runner == "subprocess" else options.images_of(train_image, report_image)
    plan = Plan(Pipeline.LOCAL_SWEEP, read_config(config).config, images, ObjectStore(storage), config.stem)
    ended = run_here(plan, results / datetime.now().strftime("%Y%m%d_%H%M%S_%f"), tell=click.echo)
    click.echo(f"log: {ended.log}")
    if ended.report:
        click.echo(f"report: {ended.report}")
    return 0 if ended.succeeded else run_commands.FAILED


pipelines.add_sections(
    {
        "Start": (run_commands.submit_command, run_commands.schedule_command, local_command, compile_command),
        "Look at": (
            run_commands.runs_command,
            run_commands.show_command,
            run_commands.schedules,
            run_commands.fetch_command,
        ),
        "End": (run_commands.stop_command,),
    }
)
