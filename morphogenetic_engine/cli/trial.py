"""`morphogenetic trial run`: runs one trial of a sweep, in a pod, a pipeline step, or by hand."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.cli.main import INTERRUPTED, run

if TYPE_CHECKING:
    from morphogenetic_engine.storage import Store
    from morphogenetic_engine.sweeps.config_file import ConfigFile
    from morphogenetic_engine.sweeps.record.trials import TrialRecord
    from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial
    from morphogenetic_engine.sweeps.single_trial.trial_run import Course

FAILED = 1
STOPPED = 128 + 15
"""The exit status of a process ended by SIGTERM; Katib's wrapper distinguishes early stopping from failure itself."""
_LAST_LINES = 20


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def trial() -> None:
    """Run one trial of a sweep."""


@trial.command("run")
@click.option(
    "--config",
    required=True,
    metavar="FILE|FOLDER|-|env",
    help="Sweep file, or the folder of a sweep, whose trial --number runs again; - is standard input, env the variable"
    " MORPHOGENETIC_SWEEP.",
)
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A searched parameter; once for each.")
@click.option(
    "--assignments",
    metavar="JSON|env",
    help="The parameters as Katib assigns them; env: the variable MORPHOGENETIC_ASSIGNMENTS.",
)
@click.option(
    "--number-from-name",
    is_flag=True,
    help="The number is in KATIB_TRIAL_NAME, as morphogenetic's suggestion service writes it.",
)
@click.option(
    "--optimization-job",
    is_flag=True,
    help="The trial is one of an OptimizationJob: Kubeflow Trainer's variables have its parameters, and Trainer is told"
    " its metrics.",
)
@click.option("--number", type=options.Integer(min=0), metavar="N", help="The trial's number in the sweep.")
@click.option(
    "--seed", type=options.Integer(min=0), metavar="N", help="The trial's seed.  [default: derived from both]"
)
@click.option(
    "--name", metavar="NAME", help="The trial's name.  [default: KATIB_TRIAL_NAME, else derived from all above]"
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The trial's folder.  [default: results/trials/NAME]",
)
@click.option(
    "--metrics",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write lines for Katib's collector to this file: the objective, and all recorded metrics at the end.",
)
@click.option(
    "--to",
    "store",
    metavar="URL",
    help="Upload the trial's files here, under its name: s3://bucket/folder, or a folder.",
)
def run_command(  # pylint: disable=too-many-arguments  # each is an option
    *,
    config: str,
    params: tuple[str, ...],
    assignments: str | None,
    number_from_name: bool,
    optimization_job: bool,
    number: int | None,
    seed: int | None,
    name: str | None,
    folder: Path | None,
    metrics: Path | None,
    store: str | None,
) -> int:
    """Run one trial and print its metrics.

    Each metric is a line: the time, then name=value.

    \b
    The exit status is 0 if the trial is complete or pruned itself after a report, 1 if it failed, 2 for bad input, 143
    if SIGTERM stopped it early, and 130 after Ctrl-C. In each case its files stay in its folder and are uploaded to
    --to.
    """
    from morphogenetic_engine.backends.katib.pods.environment import TRIAL_NAME_VARIABLE
    from morphogenetic_engine.storage import open_store
    from morphogenetic_engine.sweeps.single_trial.planned_trial import trial_name

    status = _idle_status(metrics) if number_from_name else None
    if status is not None:
        return status
    file = _config(config)
    _check_inputs(config, file)
    target = open_store(store) if store else None  # Errors in the address are reported before the trial runs.
    with file.named():
        course = None
        if number_from_name:
            planned, course = _of_the_service(file, assignments, target, folder)
        elif optimization_job:
            planned = _of_an_optimization_job(file)
        else:
            planned = _planned(file, params, assignments, number, seed)
    name = name or os.environ.get(TRIAL_NAME_VARIABLE) or trial_name(file.config, planned)
    folder = folder or Path("results/trials") / name
    record = _run(file, planned, folder, metrics, course)
    status = _show_end(record, folder, file.config.optimization.target_metric)
    if target is not None:
        _upload(folder, target, name)
    if optimization_job:
        _tell_trainer(file, record)
    return status


def _config(source: str) -> ConfigFile:
    from morphogenetic_engine.backends.katib.pods.environment import SWEEP_VARIABLE, variable
    from morphogenetic_engine.sweeps.config_file import ConfigFile, config_of_json, config_of_text, read_config
    from morphogenetic_engine.sweeps.record.folder import SweepFolder

    if source == "-":
        return config_of_text(sys.stdin.read(), where="standard input")
    if source == "env":
        return config_of_json(variable(SWEEP_VARIABLE), where=SWEEP_VARIABLE)
    folder = SweepFolder(Path(source))
    if folder.info.is_file():
        return ConfigFile(folder.path, "", folder.read_info().config)
    return read_config(Path(source))


def _check_inputs(source: str, file: ConfigFile) -> None:
    """Checks that the inputs of a trial are the files that the sweep was started with."""
    from morphogenetic_engine.backends.katib.pods.environment import check_inputs_here
    from morphogenetic_engine.sweeps.record.folder import SweepFolder
    from morphogenetic_engine.sweeps.record.inputs import check_inputs

    folder = SweepFolder(file.path)
    if source == "env":
        check_inputs_here(Path.cwd())
    elif source != "-" and folder.info.is_file():
        check_inputs(folder.read_info().inputs, Path.cwd(), f"sweep {folder.sweep_id}")


def _idle_status(metrics: Path | None) -> int | None:
    """Returns how a place of a batch without a trial of the sweep ends, and says so; None: it is a trial of the sweep.

    It fails: without metrics Katib would count it when the Experiment ends, and not when it asks for trials. A place
    beyond the last one is to be left out there; it has an empty file of metrics, without which the collector fails.
    """
    from morphogenetic_engine.backends.katib.pods.environment import TRIAL_NAME_VARIABLE, variable
    from morphogenetic_engine.backends.katib.render.numbered_names import is_idle, is_spare

    name = variable(TRIAL_NAME_VARIABLE)
    if not is_idle(name):
        return None
    click.echo("no trial of the sweep: a place that stays idle, as it has to be; nothing is wrong", err=True)
    if not is_spare(name):
        return FAILED
    if metrics is not None:
        metrics.touch()
    return 0


def _of_the_service(
    file: ConfigFile, assignments: str | None, store: Store | None, folder: Path | None
) -> tuple[PlannedTrial, Course]:
    """Returns the trial whose number is in the name that Katib gives, and how far it runs."""
    from morphogenetic_engine.backends.katib.pod_trial import pod_trial
    from morphogenetic_engine.backends.katib.pods.environment import (
        ASSIGNMENTS_VARIABLE,
        TRIAL_NAME_VARIABLE,
        read_assignments,
        variable,
    )
    from morphogenetic_engine.errors import ConfigError

    name = variable(TRIAL_NAME_VARIABLE)
    if assignments is None:
        raise ConfigError("--number-from-name: needs --assignments too")
    written = read_assignments(variable(ASSIGNMENTS_VARIABLE) if assignments == "env" else assignments)
    return pod_trial(file.config, name, written, store, folder or Path("results/trials") / name)


def _of_an_optimization_job(file: ConfigFile) -> PlannedTrial:
    """Returns the trial that an OptimizationJob gives its parameters in the environment."""
    from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
    from morphogenetic_engine.sweeps.single_trial.trainer_job import check_told, parameters_of

    check_told()
    return trial_of_assignments(file.config, parameters_of(os.environ))


def _planned(
    file: ConfigFile, params: tuple[str, ...], assignments: str | None, number: int | None, seed: int | None
) -> PlannedTrial:
    from morphogenetic_engine.backends.katib.pods.environment import ASSIGNMENTS_VARIABLE, read_assignments, variable
    from morphogenetic_engine.backends.katib.render.assignments import trial_of_assignments
    from morphogenetic_engine.errors import ConfigError
    from morphogenetic_engine.sweeps.record.folder import SweepFolder
    from morphogenetic_engine.sweeps.single_trial.planned_trial import (
        read_point,
        trial_again,
        trial_of_number,
        trial_of_point,
    )

    if assignments is not None:
        if params or number is not None or seed is not None:
            raise ConfigError("--assignments excludes --param, --number and --seed: leave these out")
        written = variable(ASSIGNMENTS_VARIABLE) if assignments == "env" else assignments
        return trial_of_assignments(file.config, read_assignments(written))
    if not params and number is not None:
        folder = SweepFolder(file.path)
        if folder.info.is_file():
            return trial_again(folder, number)
        return trial_of_number(file.config, number, seed=seed)
    point = read_point(file.config, _pairs(params))
    return trial_of_point(file.config, point, number=number, seed=seed)


def _pairs(params: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--param must be NAME=VALUE, but got {param!r}")
        if name in pairs:
            raise click.UsageError(f"--param {name} is given twice")
        pairs[name] = value
    return pairs


def _run(
    file: ConfigFile, planned: PlannedTrial, folder: Path, metrics: Path | None, course: Course | None
) -> TrialRecord:
    from morphogenetic_engine.backends.katib.pod_trial import collector_lines
    from morphogenetic_engine.errors import StoreError
    from morphogenetic_engine.sweeps.record.journal import Journal
    from morphogenetic_engine.sweeps.single_trial.metric_lines import MetricLines
    from morphogenetic_engine.sweeps.single_trial.trial_run import TO_THE_END, Observer, run_one_trial

    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            collected = stack.enter_context(metrics.open("a", encoding="utf-8")) if metrics else None
        except OSError as error:
            raise StoreError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
        journal = stack.enter_context(Journal(folder / "journal.jsonl"))
        observers: list[Observer] = [journal.append, MetricLines(sys.stdout)]
        if collected is not None:
            observers += collector_lines(file.config, collected, course)
        course = course or TO_THE_END
        where = str(file.path)
        return run_one_trial(file.config, planned, where=where, folder=folder, observers=observers, course=course)


def _tell_trainer(file: ConfigFile, record: TrialRecord) -> None:
    from morphogenetic_engine.sweeps.record.events import TrialState
    from morphogenetic_engine.sweeps.single_trial.trainer_job import tell_trainer

    if record.state is TrialState.COMPLETE:
        names = file.config.optimization.recorded_metrics
        tell_trainer({name: record.metrics[name] for name in names if name in record.metrics})


def _upload(folder: Path, store: Store, name: str) -> None:
    from morphogenetic_engine.sweeps.single_trial.trial_files import upload_trial

    count = upload_trial(folder, store, name)
    click.echo(f"{count} files uploaded to {store.address_of(name)}", err=True)


def _show_end(record: TrialRecord, folder: Path, objective: str) -> int:
    """Prints to standard error how the trial ended, and returns the exit status."""
    from morphogenetic_engine.sweeps.record.events import TrialState

    output = folder / "output.txt"
    if record.state is TrialState.FAILED and output.is_file():
        lines = output.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        click.echo("\n".join(lines), err=True)
    how = f"{record.state}: {record.reason}" if record.reason else record.state.value
    said = f": {' '.join(record.message.split())}" if record.message else ""
    click.echo(f"trial {record.number} {how} after {record.duration:.1f} s{said}; files: {folder}", err=True)
    if record.state is TrialState.PRUNED:
        stopped = record.message == "stopped by SIGTERM"
        # Katib would restart the Job of a successful trial without a metric after the Job is deleted.
        return STOPPED if stopped else 0 if objective in record.metrics else FAILED
    return {TrialState.COMPLETE: 0, TrialState.PAUSED: 0, TrialState.INTERRUPTED: INTERRUPTED}.get(record.state, FAILED)


if __name__ == "__main__":
    sys.exit(run(trial, name="trial"))
