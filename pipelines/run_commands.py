"""`python -m pipelines submit | runs | stop | schedule | schedules | fetch`: the runs and schedules of a server."""

# kfp takes a second to import; deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from morphogenetic_engine.cli.main import INTERRUPTED
from morphogenetic_engine.cli.options import results as results_option
from morphogenetic_engine.errors import ConfigError
from pipelines import options
from pipelines.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.client.runs import Run
    from pipelines.client.server import PipelinesServer, WantedRun
    from pipelines.client.submission import Patience

FAILED = 1
_MOST = 20


@click.command("submit")
@options.plan
@options.caching
@options.server
@options.waiting
@options.logs
@click.option("--wait/--no-wait", default=True, help="Wait for the end; the exit status is 0 if the run succeeded.")
def submit_command(
    wait: bool,
    poll: float,
    outage: float,
    *,
    experiment: str,
    service_account: str | None,
    artifacts: str,
    logs: str,
    **given: Any,
) -> int:
    """Start a pipeline and follow it to its end.

    If it is running already, that run is followed, and none is started.
    """
    from pipelines.client.submission import Patience, Starter, run_name

    asked_of_kubeconfig = not given["host"]
    plan, server = _planned_and_server(given)
    _check_lacking(plan, server, asked_of_kubeconfig)
    plan = _with_generation(plan, server, experiment, artifacts)
    wanted, patience = _wanted(plan), Patience(poll, outage)
    starter = Starter(server, experiment, service_account, patience, click.echo)
    run, known = starter.submit(wanted, name := run_name(_stem(plan), wanted.package))
    click.echo(f"{'runs already' if known else 'started'}: {name}")
    click.echo(f"run: {server.link(run.run_id)}")
    if plan.store.address:
        click.echo(f"report: {plan.store.address.rstrip('/')}/reports/{run.run_id}/index.html")
    if plan.on_katib:
        click.echo(f"experiment: {plan.namespace or server.namespace}/{plan.experiment_of(run.run_id)}")
    return _followed(server, run.run_id, patience, logs) if wait else 0


@click.command("stop")
@click.argument("run")
@options.server
@options.waiting
@click.option("--wait/--no-wait", default=True, help="Wait until its Experiment is ended and its report written.")
def stop_command(run: str, wait: bool, poll: float, outage: float, **given: Any) -> int:
    """Stop a run: its steps and its Experiment.

    The report has every trial that had finished. RUN is the run's id or name.
    """
    from pipelines.client.runs import RunState
    from pipelines.client.stopping import find_run, stop
    from pipelines.client.submission import Patience

    server = options.server_of(given)
    found = find_run(server, given["experiment"], run)
    if found.state.final:
        click.echo(f"{found.name}: has already ended: {found.state.lower()}")
        return 0
    stop(server, found)
    click.echo(f"{found.name}: is being stopped")
    if not wait:
        return 0
    ended = _waited(server, found.run_id, Patience(poll, outage))
    if ended is None:
        return INTERRUPTED
    if ended.report:
        click.echo(f"report: {ended.report}")
    return 0 if ended.state is not RunState.SUCCEEDED else FAILED


@click.command("runs")
@options.server
@click.option("--all", "also_ended", is_flag=True, help=f"Include runs that have ended; the latest {_MOST}.")
def runs_command(also_ended: bool, experiment: str, **given: Any) -> None:
    """List the running runs, their start and their report."""
    from pipelines.client.stopping import run_lines

    given.pop("service_account")
    server = options.server_of(given)
    folder = server.known_experiment(experiment)
    found = server.runs(folder, most=_MOST if also_ended else None) if folder else []
    shown = [run for run in found if also_ended or not run.state.final]
    for line in run_lines(shown, server.link):
        click.echo(line)
    if not shown:
        click.echo(f"nothing runs in {experiment!r}{'' if also_ended else '; --all shows what has run'}")


@click.command("show")
@click.argument("run")
@options.server
@options.logs
def show_command(run: str, experiment: str, logs: str, **given: Any) -> None:
    """Show a run's steps, and why those that failed did.

    RUN is its id or its name.
    """
    from pipelines.client.progress import task_line
    from pipelines.client.runs import RunState
    from pipelines.client.stopping import find_run, run_lines

    given.pop("service_account")
    server = options.server_of(given)
    found = server.run(find_run(server, experiment, run).run_id)
    failed = found.state.final and found.state is not RunState.SUCCEEDED and not found.stopped
    why = _why_failed(found, server, logs) if failed else ()
    for line in (*run_lines([found], server.link), *(task_line(task, found) for task in found.tasks), *why):
        click.echo(line)


@click.command("schedule")
@options.plan
@options.caching
@options.server
@click.option("--cron", required=True, metavar="'0 0 2 * * *'", help="The times, in UTC: six fields, seconds first.")
@click.option("--name", metavar="NAME", help="Name of the recurring run, which replaces earlier ones of that name.")
def schedule_command(
    cron: str, name: str | None, *, experiment: str, service_account: str | None, artifacts: str, **given: Any
) -> None:
    """Start a pipeline on a schedule, such as every night."""
    from pipelines.client.schedule import checked_cron, schedule

    cron = checked_cron(cron)
    plan, server = _planned_and_server(given)
    plan = _with_generation(plan, server, experiment, artifacts)
    name = name or _stem(plan)
    made, replaced = schedule(
        server, _wanted(plan), name=name, experiment=experiment, cron=cron, service_account=service_account
    )
    click.echo(f"{made.name}: at {cron} (UTC){f', in place of {replaced} of the name' if replaced else ''}")


@click.group("schedules")
def schedules() -> None:
    """List and delete schedules."""


@schedules.command("list")
@options.server
def list_command(experiment: str, **given: Any) -> None:
    """List the schedules and their times."""
    given.pop("service_account")
    server = options.server_of(given)
    folder = server.known_experiment(experiment)
    found = server.recurring_runs(folder) if folder else []
    for each in found:
        click.echo(f"{each.name}: at {each.cron} (UTC){'' if each.enabled else ', disabled'}")
    if not found:
        click.echo(f"there is no schedule in {experiment!r}")


@schedules.command("end")
@click.argument("name")
@options.server
def end_command(name: str, experiment: str, **given: Any) -> None:
    """Delete a schedule; a run that it has started continues."""
    from morphogenetic_engine.errors import did_you_mean

    given.pop("service_account")
    server = options.server_of(given)
    folder = server.known_experiment(experiment)
    found = server.recurring_runs(folder, name) if folder else []
    if not found:
        known = [each.name for each in server.recurring_runs(folder)] if folder else []
        hint = did_you_mean(name, known) or f"; there are: {', '.join(known) or 'none'}"
        raise ConfigError(f"schedule {name!r}: there is none in {experiment!r}{hint}")
    for each in found:
        server.forget(each)
    click.echo(f"{name}: ended; runs that it has started go on")


@click.command("fetch")
@click.argument("run")
@click.option("--storage", envvar="SWEEP_STORAGE", required=True, metavar="ADDRESS", help="The store that holds it.")
@results_option
def fetch_command(run: str, storage: str, results: Path) -> None:
    """Fetch the sweep of a run from the object store.

    It is a folder that all other commands take. RUN is the run's id. The store's address and credentials are those of
    this machine (AWS_ENDPOINT_URL and so on).
    """
    from morphogenetic_engine.steps.kept.kept_run import KeptRun
    from morphogenetic_engine.sweeps.record.folder import SweepFolder

    folder = SweepFolder(results / run)
    if folder.info.exists():
        raise ConfigError(f"{folder.path}: exists already")
    kept = KeptRun(storage, run)
    if not kept.fetch_sweep(folder):
        raise ConfigError(f"{kept.sweep_address}: holds no sweep")
    click.echo(str(folder.path))


def _followed(server: "PipelinesServer", run_id: str, patience: "Patience", logs: str) -> int:
    """Waits for a run, prints how it ended, and returns the exit status."""
    from pipelines.client.runs import RunState

    run = _waited(server, run_id, patience)
    if run is None:
        return INTERRUPTED
    if run.state is RunState.SUCCEEDED:
        return 0
    if not run.stopped:
        for line in _why_failed(run, server, logs):
            click.echo(line, err=True)
        if run.report:
            click.echo(f"what there is: {run.report}", err=True)
    return FAILED


def _why_failed(run: "Run", server: "PipelinesServer", logs: str) -> "Iterator[str]":
    from pipelines.client.diagnosis import reasons
    from pipelines.client.step_logs import log_lines
    from pipelines.client.submission import failure_lines

    yield from reasons(run, server.namespace)
    yield from failure_lines(run)
    yield from log_lines(run, server, logs)


def _waited(server: "PipelinesServer", run_id: str, patience: "Patience") -> "Run | None":
    """Waits for a run and returns it; None after Ctrl-C."""
    from pipelines.client.diagnosis import diagnosis
    from pipelines.client.submission import wait

    try:
        return wait(server, run_id, patience=patience, tell=click.echo, diagnose=diagnosis(server.namespace))
    except KeyboardInterrupt:
        click.echo(
            f"The run goes on; the same command follows it again, `python -m pipelines stop {run_id}` ends it.",
            err=True,
        )
        return None


def _check_lacking(plan: Plan, server: "PipelinesServer", asked_of_kubeconfig: bool) -> None:
    """Checks that the namespace has what the pods need; a server given by address may be in another cluster.

    Raises:
        ConfigError: something is missing, and the server is that of the kubeconfig.
    """
    from pipelines.client.diagnosis import lacking, retry_note

    where = "" if asked_of_kubeconfig else " (as the kubeconfig's cluster has it)"
    for problem in lacking(plan, server.namespace):
        if asked_of_kubeconfig:
            raise ConfigError(problem)
        click.echo(f"# {problem}{where}", err=True)
    if note := retry_note(server.namespace):
        click.echo(f"# {note}{where}", err=True)


def _with_generation(plan: Plan, server: "PipelinesServer", experiment: str, artifacts: str) -> Plan:
    """Returns the plan with the generation of the cache that its trainings and evaluations use."""
    from pipelines.client.cached_artifacts import MOST_RUNS, cache_generation

    folder = server.known_experiment(experiment) if plan.caches else ""
    if not folder:
        return plan
    runs = server.runs(folder, most=4 * MOST_RUNS)
    generation = cache_generation(runs, plan.name, artifacts, lambda line: click.echo(f"# {line}", err=True))
    return replace(plan, cache_generation=generation)


def _wanted(plan: Plan) -> "WantedRun":
    from pipelines.client.server import WantedRun
    from pipelines.compiling import compiled

    return WantedRun(compiled(plan), plan.parameters, plan.description)


def _planned_and_server(given: dict[str, Any]) -> "tuple[Plan, PipelinesServer]":
    """Returns the plan and the server; the plan first, so that its mistakes are found without a server."""
    from pipelines.large_config import with_stored_config

    named = {name: given.pop(name) for name in ("host", "ui", "namespace")}
    plan = options.planned(**given)
    server = options.server_of(named)
    return with_stored_config(plan), server


def _stem(plan: Plan) -> str:
    return f"{plan.pipeline}-{plan.sweep_name}"
