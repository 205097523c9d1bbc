"""`morphogenetic sweep run | grid | bayesian | quick | resume`: run trials on this machine."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.cli.commands.monitor import open_monitor
from morphogenetic_engine.cli.main import INTERRUPTED

if TYPE_CHECKING:
    from morphogenetic_engine.monitor.beside import Serving
    from morphogenetic_engine.sweeps.config_file import ConfigFile


@click.command("run")
@options.config
@options.new_sweep
@options.warm_start
@options.insecure
@options.serving
@click.option(
    "--continue",
    "goes_on",
    is_flag=True,
    help="Continue the sweep of this --sweep-id if it is the same search; otherwise move it aside.",
)
def run_command(
    config: Path, sweep_id: str | None, results: Path, serve: options.ServeOptions, goes_on: bool, **given: object
) -> int:
    """Run the sweep that a file describes.

    Given a folder, run its sweeps one after the other.
    """
    if goes_on and sweep_id is None:
        raise click.UsageError("--continue: needs --sweep-id")
    return _run_files(config, sweep_id, results, options.overrides(**given), serve, goes_on=goes_on)


@click.command("grid")
@options.config
@options.new_sweep
@options.serving
def grid_command(
    config: Path, sweep_id: str | None, results: Path, serve: options.ServeOptions, **given: object
) -> int:
    """Run every combination of the parameters' values."""
    return _run_files(config, sweep_id, results, {**options.overrides(**given), "sweep_type": "grid"}, serve)


@click.command("bayesian")
@options.config
@options.new_sweep
@options.warm_start
@options.serving
def bayesian_command(
    config: Path, sweep_id: str | None, results: Path, serve: options.ServeOptions, **given: object
) -> int:
    """Let Optuna suggest each trial from the results so far."""
    return _run_files(config, sweep_id, results, {**options.overrides(**given), "sweep_type": "bayesian"}, serve)


@click.command("quick")
@click.option("--problem", default="spirals", show_default=True, help="Problem of the built-in workload.")
@options.new_sweep
@options.serving
def quick_command(
    problem: str, sweep_id: str | None, results: Path, serve: options.ServeOptions, **given: object
) -> int:
    """Run a small sweep of the built-in workload, without a file."""
    from morphogenetic_engine.cli.commands.quick import quick_file

    overrides = {"optimization.n_trials": 10, **options.overrides(**given)}
    with open_monitor(serve) as serving:
        return _run(quick_file(problem, overrides), sweep_id, results, serving)


@click.command("resume")
@options.sweep_id
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The sweep file with changed settings.")
@click.option("--retry-failed", is_flag=True, help="Also retry failed trials.")
@options.results
@options.trials
@options.parallel
@options.timeout
@options.mlflow
@options.insecure
@options.serving
def resume_command(
    sweep_id: str,
    config: Path | None,
    retry_failed: bool,
    results: Path,
    serve: options.ServeOptions,
    **given: object,
) -> int:
    """Continue a sweep that was stopped or killed.

    Trials that have ended are not run again.
    """
    from morphogenetic_engine.cli.commands.running import run_and_show
    from morphogenetic_engine.sweeps.config_file import read_config
    from morphogenetic_engine.sweeps.run.start import continue_sweep

    file = read_config(config) if config else None
    with open_monitor(serve) as serving:
        folder = continue_sweep(sweep_id, results=results, file=file, overrides=options.overrides(**given))
        return run_and_show(folder, retry_failed=retry_failed, serving=serving)


def _run_files(
    config: Path,
    sweep_id: str | None,
    results: Path,
    overrides: dict[str, object],
    serve: options.ServeOptions,
    *,
    goes_on: bool = False,
) -> int:
    from morphogenetic_engine.sweeps.config_file import read_configs

    files = read_configs(config, overrides)
    worst = 0
    with open_monitor(serve) as serving:
        for file in files:
            name = f"{sweep_id}-{file.path.stem}" if sweep_id and len(files) > 1 else sweep_id
            worst = max(worst, _run(file, name, results, serving, goes_on=goes_on))
            if worst == INTERRUPTED:
                break
    return worst


def _run(
    file: ConfigFile, sweep_id: str | None, results: Path, serving: Serving | None, *, goes_on: bool = False
) -> int:
    from morphogenetic_engine.cli.commands.running import run_and_show
    from morphogenetic_engine.cli.views.file_notes import print_notes
    from morphogenetic_engine.sweeps.run.start import start_or_continue, start_sweep

    print_notes(file)
    if goes_on and sweep_id is not None:
        return run_and_show(start_or_continue(file, results=results, sweep_id=sweep_id), serving=serving)
    return run_and_show(start_sweep(file, results=results, sweep_id=sweep_id), serving=serving)
