"""`morphogenetic sweep check`: validates a sweep file and shows what it will run."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options

if TYPE_CHECKING:
    from morphogenetic_engine.backends.backend import SuggestionsBy
    from morphogenetic_engine.sweeps.config_file import ConfigFile
    from morphogenetic_engine.sweeps.run.preflight import SweepCheck


@click.command("check")
@options.config
@options.as_json
@click.option(
    "--watch",
    type=options.Number(min=0),
    default=10.0,
    show_default=True,
    help="Seconds to run trial 0 for the time estimate; 0: do not run it.",
)
@click.option(
    "--for", "target", type=options.DelegateName(), help="Also list the settings that this system does not support."
)
@options.algorithm
@options.trials
@options.parallel
@options.insecure
def check_command(
    config: Path, as_json: bool, watch: float, target: str | None, algorithm: SuggestionsBy, **given: object
) -> None:
    """Validate a sweep file and show what it will run."""
    from morphogenetic_engine.cli.commands.render import unsupported_settings
    from morphogenetic_engine.sweeps.config_file import read_configs
    from morphogenetic_engine.sweeps.run.preflight import check_sweep

    files = read_configs(config, options.overrides(**given))
    unsupported = {file.path: unsupported_settings(target, file, algorithm) for file in files} if target else {}
    checks = [(file, _way_of_files(file), check_sweep(file, watch_seconds=watch)) for file in files]
    if as_json:
        found = [_json(file, way, check) for file, way, check in checks]
        for each, settings in zip(found, unsupported.values(), strict=bool(target)):
            each["losses"] = [asdict(setting) for setting in settings]
        click.echo(json.dumps(found, indent=2))
        return
    for file, way, check in checks:
        _print_check(file, check)
        if way:
            click.echo(f"files: {way}")
        for setting in unsupported.get(file.path, ()):
            click.echo(f"{target}: {setting.key}: {setting.text}")


def _json(file: ConfigFile, way: str, check: SweepCheck) -> dict[str, object]:
    from morphogenetic_engine.cli.views.constraint_effects import constraint_effects
    from morphogenetic_engine.cli.views.tables import check_json

    return {
        "file": str(file.path),
        **check_json(check),
        **({"files": way} if way else {}),
        "outcome_constraints": constraint_effects(file.config),
    }


def _way_of_files(file: ConfigFile) -> str:
    """Returns how the files reach workers on other machines, after trying it; "" if there are none."""
    from morphogenetic_engine.sweeps.run.executor import executor_of
    from morphogenetic_engine.sweeps.schema.executors.executor_names import DASK

    if file.config.execution.executor != DASK:
        return ""
    executor_of(file.config)  # says when the extra is not installed
    from morphogenetic_engine.backends.dask.files_check import check_files

    return check_files(file)


def _print_check(file: ConfigFile, check: SweepCheck) -> None:
    from morphogenetic_engine.cli.views import constraint_effects, rungs_table, tables
    from morphogenetic_engine.cli.views.file_notes import print_notes
    from morphogenetic_engine.monitor.display.terminal import terminal

    console = terminal()
    header = f"{file.path}: {file.config.sweep_type}, {check.trials} trials, {tables.size_text(check)}"
    console.print(header, soft_wrap=True)
    console.print(tables.axes_table(check))
    if check.feasible is not None:
        console.print(f"constraints: {tables.share_text(check.feasible)}", highlight=False, soft_wrap=True)
    if limits := constraint_effects.limits_text(file.config):
        console.print(f"outcome constraints: {limits}", highlight=False, markup=False, soft_wrap=True)
        for line in constraint_effects.constraint_effects(file.config):
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    if check.rule:
        console.print(f"search: {check.rule}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"time: {tables.estimate_text(check)}", highlight=False, markup=False, soft_wrap=True)
    if check.workers_elsewhere:
        console.print(f"workers: {check.workers_elsewhere}", highlight=False, markup=False, soft_wrap=True)
    if check.plan is not None:
        console.print(rungs_table.rungs_table(check.plan))
        console.print(f"cost: {rungs_table.cost_text(check.plan)}", highlight=False, soft_wrap=True)
    print_notes(file, rungs_table.halving_notes(file.config, check.plan))
