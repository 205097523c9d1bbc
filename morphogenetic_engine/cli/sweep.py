"""`morphogenetic sweep ...`, and the same as `python -m morphogenetic_engine.cli.sweep ...`."""

# Libraries that take long to import are imported by the commands that need them: --help is for the impatient.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.cli.confirm import confirm_command
from morphogenetic_engine.cli.ensemble import ensemble_command
from morphogenetic_engine.cli.katib import collect_command, stop_command, submit_command, watch_command
from morphogenetic_engine.cli.main import INTERRUPTED, run
from morphogenetic_engine.cli.monitor import monitor_command, open_monitor
from morphogenetic_engine.cli.promote import promote_command
from morphogenetic_engine.cli.regression import baseline_command, regress_command, trend_command
from morphogenetic_engine.cli.render import render_command
from morphogenetic_engine.cli.replay import replay_command

if TYPE_CHECKING:
    from morphogenetic_engine.monitor.beside import Serving
    from morphogenetic_engine.sweeps.check import SweepCheck
    from morphogenetic_engine.sweeps.config_file import ConfigFile


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def sweep() -> None:
    """Run, resume and look at hyperparameter sweeps."""


@sweep.command("run")
@options.config
@options.new_sweep_id
@options.results
@options.trials
@options.parallel
@options.seed
@options.timeout
@options.mlflow
@options.warm_start
@options.serving
@click.option(
    "--continue",
    "goes_on",
    is_flag=True,
    help="Go on with the sweep of this --sweep-id where it is the same search; put another one aside.",
)
def run_command(
    config: Path, sweep_id: str | None, results: Path, serve: options.ServeOptions, goes_on: bool, **given: object
) -> int:
    """Run the sweep of a file, whatever its sweep_type says; of a folder, one sweep after the other."""
    if goes_on and sweep_id is None:
        raise click.UsageError("--continue: needs --sweep-id")
    return _run_files(config, sweep_id, results, options.overrides(**given), serve, goes_on=goes_on)


@sweep.command("grid")
@options.config
@options.new_sweep_id
@options.results
@options.trials
@options.parallel
@options.seed
@options.timeout
@options.mlflow
@options.serving
def grid_command(
    config: Path, sweep_id: str | None, results: Path, serve: options.ServeOptions, **given: object
) -> int:
    """Run every combination of the parameters' values."""
    return _run_files(config, sweep_id, results, {**options.overrides(**given), "sweep_type": "grid"}, serve)


@sweep.command("bayesian")
@options.config
@options.new_sweep_id
@options.results
@options.trials
@options.parallel
@options.seed
@options.timeout
@options.mlflow
@options.warm_start
@options.serving
def bayesian_command(
    config: Path, sweep_id: str | None, results: Path, serve: options.ServeOptions, **given: object
) -> int:
    """Let Optuna suggest each trial from the results so far."""
    return _run_files(config, sweep_id, results, {**options.overrides(**given), "sweep_type": "bayesian"}, serve)


@sweep.command("quick")
@click.option("--problem", default="spirals", show_default=True, help="Problem of the built-in workload.")
@options.new_sweep_id
@options.results
@options.trials
@options.parallel
@options.seed
@options.timeout
@options.mlflow
@options.serving
def quick_command(
    problem: str, sweep_id: str | None, results: Path, serve: options.ServeOptions, **given: object
) -> int:
    """Run a small sweep of the built-in workload: no file needed."""
    from morphogenetic_engine.cli.quick import quick_file

    overrides = {"optimization.n_trials": 10, **options.overrides(**given)}
    with open_monitor(serve) as serving:
        return _run(quick_file(problem, overrides), sweep_id, results, serving)


@sweep.command("resume")
@options.sweep_id
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The sweep file with changed settings.")
@click.option("--retry-failed", is_flag=True, help="Run the failed trials again too.")
@options.results
@options.trials
@options.parallel
@options.timeout
@options.mlflow
@options.serving
def resume_command(
    sweep_id: str,
    config: Path | None,
    retry_failed: bool,
    results: Path,
    serve: options.ServeOptions,
    **given: object,
) -> int:
    """Go on with a sweep that was stopped or killed; no trial that has ended runs again."""
    from morphogenetic_engine.cli.running import run_and_show
    from morphogenetic_engine.sweeps.config_file import read_config
    from morphogenetic_engine.sweeps.start import continue_sweep

    file = read_config(config) if config else None
    with open_monitor(serve) as serving:
        folder = continue_sweep(sweep_id, results=results, file=file, overrides=options.overrides(**given))
        return run_and_show(folder, retry_failed=retry_failed, serving=serving)


@sweep.command("check")
@options.config
@options.as_json
@click.option(
    "--watch",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds to run trial 0 for the estimate of the time; 0: do not run it.",
)
@click.option("--for", "target", type=click.Choice(["katib"]), help="Say too what this system does not do of the file.")
@options.trials
@options.parallel
def check_command(config: Path, as_json: bool, watch: float, target: str | None, **given: object) -> None:
    """Say what a sweep file will run, and find its mistakes, without running it."""
    from morphogenetic_engine.cli.render import losses_json, print_losses
    from morphogenetic_engine.cli.tables import check_json
    from morphogenetic_engine.sweeps.check import check_sweep
    from morphogenetic_engine.sweeps.config_file import read_configs

    files = read_configs(config, options.overrides(**given))
    losses = {file.path: losses_json(file) for file in files} if target else {}
    checks = [(file, check_sweep(file, watch_seconds=watch)) for file in files]
    if as_json:
        found = [{"file": str(file.path), **check_json(check)} for file, check in checks]
        _print_json([{**each, "losses": losses[file.path]} for each, file in zip(found, files)] if target else found)
        return
    for file, check in checks:
        _print_check(file, check)
        if target:
            print_losses(file)


@sweep.command("list")
@options.results
@options.as_json
def list_command(results: Path, as_json: bool) -> None:
    """List the sweeps of a results folder."""
    from morphogenetic_engine.cli.displays import terminal
    from morphogenetic_engine.cli.tables import overview_table
    from morphogenetic_engine.sweeps.overview import overviews

    sweeps = overviews(results)
    if as_json:
        _print_json([asdict(each) for each in sweeps])
    elif sweeps:
        terminal().print(overview_table(sweeps))
    else:
        click.echo(f"{results}: no sweep yet")


@sweep.command("show")
@options.sweep_id
@options.results
@options.as_json
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the N best trials.")
def show_command(sweep_id: str, results: Path, as_json: bool, top: int | None) -> None:
    """Show the trials of a sweep, running or not."""
    from morphogenetic_engine.cli.displays import terminal
    from morphogenetic_engine.cli.tables import overview_table, trial_json, trials_table
    from morphogenetic_engine.sweeps.folder import find_sweep
    from morphogenetic_engine.sweeps.overview import overview
    from morphogenetic_engine.sweeps.results import read_result

    folder = find_sweep(results, sweep_id)
    result = read_result(folder)
    trials = result.ranked[:top] if top else result.trials
    if as_json:
        _print_json({**asdict(overview(folder)), "trials": [trial_json(trial) for trial in trials]})
        return
    console = terminal()
    console.print(overview_table([overview(folder)]))
    console.print()
    console.print(trials_table(result, trials))


@sweep.command("publish")
@options.sweep_id
@options.results
@click.option(
    "--uri",
    metavar="URI",
    help="MLflow's tracking server, also of a sweep that is only in an Optuna storage."
    "  [default: as the sweep file or MLFLOW_TRACKING_URI says]",
)
def publish_command(sweep_id: str, results: Path, uri: str | None) -> None:
    """Send to MLflow, and to the sweep's Optuna storage, what they do not have of a sweep; nothing is sent twice."""
    from morphogenetic_engine.sweeps.folder import find_sweep
    from morphogenetic_engine.tracking.destinations import publish_all

    for line in publish_all(find_sweep(results, sweep_id), uri=uri):
        click.echo(line)


@sweep.command("migrate")
@click.argument("file", type=click.Path(path_type=Path))
def migrate_command(file: Path) -> None:
    """Print a sweep file of the old flat format in the format of today."""
    from morphogenetic_engine.errors import ConfigError
    from morphogenetic_engine.sweeps.config_file import parse_yaml, read_config, read_text
    from morphogenetic_engine.sweeps.migrate import is_flat, migrated_text

    written = parse_yaml(read_text(file), where=str(file))
    read_config(file)
    if not is_flat(written):
        raise ConfigError(f"{file}: is in the format of today already")
    click.echo(migrated_text(written), nl=False)


@sweep.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of sweep files, for editors."""
    from morphogenetic_engine.sweeps.config import SweepConfig

    _print_json(SweepConfig.model_json_schema())


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
    from morphogenetic_engine.cli.running import run_and_show
    from morphogenetic_engine.sweeps.start import start_or_continue, start_sweep

    if goes_on and sweep_id is not None:
        return run_and_show(start_or_continue(file, results=results, sweep_id=sweep_id), serving=serving)
    return run_and_show(start_sweep(file, results=results, sweep_id=sweep_id), serving=serving)


def _print_check(file: ConfigFile, check: SweepCheck) -> None:
    from morphogenetic_engine.cli import tables
    from morphogenetic_engine.cli.displays import terminal

    console = terminal()
    points = "a continuous space" if check.points is None else f"{check.points} points in the space"
    console.print(f"{file.path}: {file.config.sweep_type}, {check.trials} trials, {points}", soft_wrap=True)
    console.print(tables.axes_table(check))
    if check.rule:
        console.print(f"search: {check.rule}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"time: {tables.estimate_text(check)}", highlight=False, markup=False, soft_wrap=True)
    for note in tables.unused_settings(file.config):
        console.print(f"note: {note}", highlight=False, soft_wrap=True)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


sweep.add_command(confirm_command)
sweep.add_command(ensemble_command)
sweep.add_command(promote_command)
sweep.add_command(replay_command)
sweep.add_command(monitor_command)
for command in (
    *(baseline_command, regress_command, trend_command),
    *(render_command, submit_command, watch_command, collect_command, stop_command),
):
    sweep.add_command(command)


if __name__ == "__main__":
    sys.exit(run(sweep, name="sweep"))
