"""`morphogenetic sweep submit | watch | collect | stop`: sweeps that another system, such as Katib, runs.

`stop` also ends those that run here."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.cli.commands.monitor import open_monitor, served
from morphogenetic_engine.cli.commands.render import file_overrides, print_unsupported, render_options, run_options
from morphogenetic_engine.cli.main import INTERRUPTED
from morphogenetic_engine.errors import ConfigError

if TYPE_CHECKING:
    from morphogenetic_engine.backends.backend import Access, DelegatedSweep
    from morphogenetic_engine.monitor.beside import Serving
    from morphogenetic_engine.sweeps.record.folder import SweepFolder

experiment_name = click.option("--experiment", required=True, metavar="NAME", help="The Experiment on the cluster.")
namespace = click.option("--namespace", metavar="NAME", help="Its namespace.  [default: the kubeconfig's]")


_cluster_options = options.several(
    click.option("--kubeconfig", type=click.Path(path_type=Path), metavar="FILE", help="How to reach the cluster."),
    click.option("--context", metavar="NAME", help="Which cluster of the kubeconfig."),
    options.results,
    click.option("--sweep-id", metavar="ID", help="Name of the sweep folder.  [default: the Experiment's]"),
    click.option("--no-store", is_flag=True, help="Ignore uploaded files: learning curves, reasons of failures."),
)


@click.command("submit")
@options.config
@options.target
@run_options
@_cluster_options
@click.option(
    "--wait", is_flag=True, help="Wait, show the trials and collect them; trials that run on after the goal are ended."
)
@options.serving
def submit_command(config: Path, target: str, wait: bool, serve: options.ServeOptions, **given: object) -> int:
    """Run a sweep on a cluster. The same file and name find the sweep that exists."""
    from morphogenetic_engine.backends.backend import load_delegate
    from morphogenetic_engine.sweeps.config_file import read_config

    if serve.serve and not wait:
        raise ConfigError("--serve: shows the sweep for as long as this command stays; add --wait")
    delegate, access = load_delegate(target), _access(given)
    file = read_config(config, file_overrides(given))
    submitted = delegate.submit(file, render_options(file, given), access)
    if submitted.new:
        print_unsupported(file, submitted.unsupported)
    origin = submitted.origin
    click.echo(f"{origin.where} {'created' if submitted.new else 'exists already'}")
    if wait:
        there = replace(access, namespace=origin.namespace or None)
        return _follow(delegate.find(origin.name, there), given, serve, end_leftovers=True)
    click.echo(f"watch it with: {_again('watch', target, origin.name, origin.namespace, given)}")
    return 0


@click.command("watch")
@experiment_name
@namespace
@options.target
@_cluster_options
@options.serving
def watch_command(experiment: str, target: str, serve: options.ServeOptions, **given: object) -> int:
    """Show the trials of a sweep on a cluster, and collect them.

    It ends with the sweep; Ctrl-C leaves the sweep running.
    """
    return _follow(_find(target, experiment, given), given, serve, end_leftovers=False)


@click.command("collect")
@experiment_name
@namespace
@options.target
@_cluster_options
@click.option("--files", is_flag=True, help="Also download the files that the trials uploaded, such as models.")
def collect_command(experiment: str, target: str, files: bool, **given: object) -> int:
    """Collect a sweep on a cluster, finished or not, in a folder.

    Collecting again adds what is new.
    """
    from morphogenetic_engine.backends.recording import collect

    sweep = _find(target, experiment, given)
    folder = _folder(sweep, given)
    collect(sweep, folder, tell=_say)
    if files:
        click.echo(sweep.download(folder))
    return _show(folder, sweep)


@click.command("stop")
@click.option("--experiment", metavar="NAME", help="The Experiment on the cluster.  [default: a sweep of this machine]")
@namespace
@options.target
@_cluster_options
def stop_command(experiment: str | None, target: str, **given: object) -> int:
    """End a sweep with all that it started.

    With --sweep-id, one that `sweep run` runs on this machine, also with workers elsewhere: they end, jobs leave the
    queue, and `sweep resume` goes on later. The jobs of one that was killed are cancelled.

    With --experiment, one on a cluster: it is collected, then the Experiment is deleted. One that is done already
    stays; only the trials are ended that Katib left running. Where another command follows the sweep on this machine,
    that one collects.
    """
    if experiment is None:
        return _stop_here(given)
    from morphogenetic_engine.backends.recording import recording
    from morphogenetic_engine.sweeps.record.journal_file.lock import is_locked
    from morphogenetic_engine.sweeps.record.trials import read_history

    sweep = _find(target, experiment, given)
    folder = _folder(sweep, given)
    if is_locked(folder.journal):
        # The command that holds the journal records the same events.
        deque(sweep.stop(folder, read_history(folder)), maxlen=0)
        click.echo(f"{sweep.source.origin.where}: ended; the command that follows it collects into {folder.path}")
        return 0
    with recording(folder) as record:
        record.add(sweep.events(folder, record.history, wait=False, tell=_say))
        record.add(sweep.stop(folder, record.history))
    ended = f"{sweep.progress.running} trials that still ran were ended"
    click.echo(f"{sweep.source.origin.where}: {ended if sweep.progress.over else f'deleted, {ended}'}")
    return _show(folder, sweep)


def _stop_here(given: dict[str, object]) -> int:
    """Ends a sweep that runs on this machine, and what a killed one has left in the queue."""
    from morphogenetic_engine.backends.leftovers import cancel_leftovers
    from morphogenetic_engine.monitor.stop import stop, wait_for_end
    from morphogenetic_engine.sweeps.record.folder import find_sweep
    from morphogenetic_engine.sweeps.record.journal_file.lock import is_locked

    sweep_id, results = given["sweep_id"], given["results"]
    assert isinstance(results, Path)
    if not isinstance(sweep_id, str):
        raise ConfigError("sweep stop: needs --sweep-id (a sweep of this machine) or --experiment (one on a cluster)")
    folder = find_sweep(results, sweep_id)
    if not is_locked(folder.journal) and (jobs := cancel_leftovers(folder)):
        click.echo(f"{sweep_id}: no process runs it; {jobs} jobs that it had left in the queue are cancelled")
        return 0
    found = stop(folder)
    click.echo(f"{sweep_id}: process {found.pid} ends it")
    wait_for_end(folder, found)
    click.echo(f"{sweep_id}: ended")
    return 0


def _find(target: str, name: str, given: dict[str, object]) -> DelegatedSweep:
    from morphogenetic_engine.backends.backend import load_delegate

    return load_delegate(target).find(name, _access(given))


def _follow(
    sweep: DelegatedSweep, given: dict[str, object], serve: options.ServeOptions, *, end_leftovers: bool
) -> int:
    folder, origin = _folder(sweep, given), sweep.source.origin
    again = partial(_again, target=origin.delegate, name=origin.name, namespace=origin.namespace, given=given)
    try:
        with open_monitor(serve) as serving:
            _collect_and_show(sweep, folder, serving, end_leftovers=end_leftovers)
    except KeyboardInterrupt:
        click.echo(f"\n{origin.where} goes on; come back with: {again('watch')}", err=True)
        return INTERRUPTED
    if sweep.progress.running and not end_leftovers:
        click.echo(f"{sweep.progress.running} trials still run; end them with: {again('stop')}", err=True)
    return _show(folder, sweep)


def _collect_and_show(
    sweep: DelegatedSweep, folder: SweepFolder, serving: Serving | None, *, end_leftovers: bool
) -> None:
    """Collects a sweep until it is over, with a live display, sinks, and a monitor if it is to be served."""
    from morphogenetic_engine.backends.recording import collect
    from morphogenetic_engine.monitor.display.progress import SweepProgress
    from morphogenetic_engine.monitor.display.terminal import display, terminal
    from morphogenetic_engine.sinks.destinations import followed
    from morphogenetic_engine.sweeps.kinds import recorded_trials
    from morphogenetic_engine.sweeps.results import read_result

    before = read_result(folder, keep_curves=False)
    progress, console = SweepProgress(before, recorded_trials(before.info)), terminal()
    with (
        served(folder, serving, console, warn=_warn),
        followed(folder, before.config, warn=_warn),
        display(progress, console) as observer,
    ):
        collect(sweep, folder, wait=True, end_leftovers=end_leftovers, observers=[observer], tell=_say)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _warn(warning: str) -> None:
    _say(f"warning: {warning}")


def _access(given: dict[str, object]) -> Access:
    from pydantic import TypeAdapter

    from morphogenetic_engine.backends.backend import Access as ClusterAccess

    names = ("namespace", "kubeconfig", "context")
    return TypeAdapter(ClusterAccess).validate_python(
        {**{name: given[name] for name in names}, "uploads": not given["no_store"]}
    )


def _folder(sweep: DelegatedSweep, given: dict[str, object]) -> SweepFolder:
    from morphogenetic_engine.backends.recording import collection_folder

    results, sweep_id = given["results"], given["sweep_id"]
    assert isinstance(results, Path)
    return collection_folder(sweep.source, results=results, sweep_id=str(sweep_id) if sweep_id else None)


def _show(folder: SweepFolder, sweep: DelegatedSweep) -> int:
    """Prints what was collected and returns the exit status: 1 when the sweep failed there, or no trial is complete."""
    from morphogenetic_engine.cli.commands.running import NO_COMPLETE_TRIAL, show_end
    from morphogenetic_engine.cli.views.closing_report import write_closing_report
    from morphogenetic_engine.monitor.display.terminal import terminal
    from morphogenetic_engine.sweeps.record.events import TrialState
    from morphogenetic_engine.sweeps.results import read_result

    result = read_result(folder)
    console = terminal()
    show_end(console, folder, result)
    if result.trials:
        write_closing_report(folder, console)
    none_complete = result.outcome is not None and not result.counts[TrialState.COMPLETE]
    return NO_COMPLETE_TRIAL if none_complete or sweep.progress.failure else 0


def _again(command: str, target: str, name: str, namespace: str, given: dict[str, object]) -> str:
    """Returns the command that goes on with a sweep, with the options that this one was given."""
    words = [f"morphogenetic sweep {command}", *options.target_words(target), f"--experiment {name}"]
    words += [f"--namespace {namespace}"] if namespace else []
    names = ("kubeconfig", "context", "sweep_id")
    words += [f"--{each.replace('_', '-')} {given[each]}" for each in names if given[each]]
    words += [f"--results {given['results']}"] if given["results"] != options.DEFAULT_RESULTS else []
    return " ".join(words)
