"""`morphogenetic sweep submit | watch | collect | stop`: sweeps on a cluster."""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morphogenetic_engine.cli import options
from morphogenetic_engine.cli.commands.monitor import open_monitor, served
from morphogenetic_engine.cli.commands.render import experiment_options, file_overrides, render_options, target
from morphogenetic_engine.cli.main import INTERRUPTED
from morphogenetic_engine.errors import ConfigError

if TYPE_CHECKING:
    from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi
    from morphogenetic_engine.monitor.beside import Serving
    from morphogenetic_engine.sweeps.record.folder import SweepFolder
    from morphogenetic_engine.backends.katib.read.collection import Collection
    from morphogenetic_engine.backends.katib.read.objects import KatibExperiment, Snapshot
    from morphogenetic_engine.backends.katib.read.trial_history import TrialJournal

experiment_name = click.option("--experiment", required=True, metavar="NAME", help="The Experiment on the cluster.")
namespace = click.option("--namespace", metavar="NAME", help="Its namespace.  [default: the kubeconfig's]")


_cluster_options = options.several(
    click.option("--kubeconfig", type=click.Path(path_type=Path), metavar="FILE", help="How to reach the cluster."),
    click.option("--context", metavar="NAME", help="Which cluster of the kubeconfig."),
    options.results,
    click.option("--sweep-id", metavar="ID", help="Name of the sweep folder.  [default: the Experiment's]"),
    click.option("--no-store", is_flag=True, help="Do without what trials uploaded: learning curves, why they failed."),
)


@click.command("submit")
@options.config
@target
@experiment_options
@_cluster_options
@click.option("--wait", is_flag=True, help="Stay, show the trials, and collect them; ends what runs on after the goal.")
@options.serving
def submit_command(
    config: Path,
    target: str,  # pylint: disable=unused-argument
    wait: bool,
    serve: options.ServeOptions,
    **given: object,
) -> int:
    """Run a sweep on a cluster. The same file and name again finds the sweep that is there."""
    from morphogenetic_engine.backends.katib.client.experiments import submit
    from morphogenetic_engine.sweeps.config_file import read_config
    from morphogenetic_engine.backends.katib.render.experiment import render_experiment
    from morphogenetic_engine.backends.katib.render.validation import validate_experiment

    if serve.serve and not wait:
        raise ConfigError("--serve: shows the sweep for as long as this command stays; add --wait")
    api = _api(given)
    file = read_config(config, file_overrides(given))
    rendered = render_experiment(file, render_options(file, {**given, "namespace": api.namespace}))
    validate_experiment(rendered.manifest)
    experiment, new = submit(api, rendered)
    for loss in rendered.losses if new else ():
        click.echo(f"# {file.path}: {loss.key}: {loss.text}", err=True)
    click.echo(f"{experiment.where} {'created' if new else 'is there already'}")
    if wait:
        return _follow(api, experiment.name, given, serve, end_leftovers=True)
    click.echo(f"watch it with: {_again('watch', api, experiment.name, given)}")
    return 0


@click.command("watch")
@experiment_name
@namespace
@_cluster_options
@options.serving
def watch_command(experiment: str, serve: options.ServeOptions, **given: object) -> int:
    """Show the trials of a sweep on a cluster, and collect them.

    It ends with the sweep; Ctrl-C leaves the sweep running.
    """
    return _follow(_api(given), experiment, given, serve, end_leftovers=False)


@click.command("collect")
@experiment_name
@namespace
@_cluster_options
@click.option("--files", is_flag=True, help="Download what the trials uploaded, models among it, too.")
def collect_command(experiment: str, files: bool, **given: object) -> int:
    """Read a sweep on a cluster, done or not, into a sweep folder.

    Again adds what is new.
    """
    from morphogenetic_engine.backends.katib.client.experiments import snapshot
    from morphogenetic_engine.backends.katib.read.collection import open_collection

    api = _api(given)
    found = snapshot(api, experiment)
    journal = _trial_journal(found.experiment, given)
    folder = _folder(api, found.experiment, given)
    with open_collection(folder, journal=journal) as collection:
        collection.take(found)
    if files:
        _download(folder, found.experiment)
    return _show(folder, found.experiment)


@click.command("stop")
@experiment_name
@namespace
@_cluster_options
def stop_command(experiment: str, **given: object) -> int:
    """End a sweep on a cluster: collect it, then delete the Experiment.

    One that is done already stays; only the trials are ended that Katib left running.
    """
    from morphogenetic_engine.backends.katib.client import experiments
    from morphogenetic_engine.backends.katib.read.collection import open_collection

    api = _api(given)
    found = experiments.snapshot(api, experiment)
    journal = _trial_journal(found.experiment, given)
    folder = _folder(api, found.experiment, given)
    with open_collection(folder, journal=journal) as collection:
        collection.take(found)
        if found.experiment.completed:
            experiments.end_leftovers(api, found.running)
        else:
            experiments.remove(api, experiment)
        collection.stop(found.experiment)
    what = f"{len(found.running)} trials that still ran were ended"
    click.echo(f"{found.experiment.where}: {what if found.experiment.completed else f'deleted, {what}'}")
    return _show(folder, found.experiment)


def _follow(
    api: KatibApi, name: str, given: dict[str, object], serve: options.ServeOptions, *, end_leftovers: bool
) -> int:
    from morphogenetic_engine.backends.katib.client import experiments

    experiment = experiments.look(api, name)
    journal = _trial_journal(experiment, given)
    folder = _folder(api, experiment, given)
    try:
        with open_monitor(serve) as serving:
            snapshot = _shown(api, name, folder, journal, serving, end_leftovers=end_leftovers)
    except KeyboardInterrupt:
        click.echo(f"\n{experiment.where} goes on; come back with: {_again('watch', api, name, given)}", err=True)
        return INTERRUPTED
    if snapshot.running and not end_leftovers:
        count = len(snapshot.running)
        click.echo(f"{count} trials still run; end them with: {_again('stop', api, name, given)}", err=True)
    return _show(folder, snapshot.experiment)


def _shown(
    api: KatibApi,
    name: str,
    folder: SweepFolder,
    journal: TrialJournal,
    serving: Serving | None,
    *,
    end_leftovers: bool,
) -> Snapshot:
    """Show and collect an Experiment until it is completed; return how it then is, before its leftovers are ended."""
    from morphogenetic_engine.display.terminal import display, terminal
    from morphogenetic_engine.display.progress import SweepProgress
    from morphogenetic_engine.backends.katib.client.experiments import end_leftovers as end
    from morphogenetic_engine.backends.katib.read.collection import open_collection
    from morphogenetic_engine.sweeps.results import read_result
    from morphogenetic_engine.sweeps.kinds import recorded_trials
    from morphogenetic_engine.sinks.destinations import followed

    before = read_result(folder, keep_curves=False)
    progress, console = SweepProgress(before, recorded_trials(before.info)), terminal()
    with (
        served(folder, serving, console, warn=_warn),
        followed(folder, before.config, warn=_warn),
        display(progress, console) as observer,
        open_collection(folder, journal=journal, observers=[observer]) as collection,
    ):
        snapshot = _collect_all(api, name, collection)
        if snapshot.running and end_leftovers:
            end(api, snapshot.running)
            collection.stop(snapshot.experiment)
        return snapshot


def _warn(warning: str) -> None:
    click.echo(f"warning: {warning}", err=True)


def _collect_all(api: KatibApi, name: str, collection: Collection) -> Snapshot:
    """Collect an Experiment until it is completed, and return how it then is."""
    from morphogenetic_engine.backends.katib.client.watch import follow

    for snapshot in follow(api, name, trouble=partial(click.echo, err=True)):
        collection.take(snapshot)
        if snapshot.experiment.completed:
            return snapshot
    raise AssertionError("an Experiment is followed until it is completed")


def _api(given: dict[str, object]) -> KatibApi:
    from pydantic import TypeAdapter

    from morphogenetic_engine.backends.kubernetes.connection import connect
    from morphogenetic_engine.backends.kubernetes.katib_api import KatibApi

    texts = TypeAdapter(dict[str, str | None]).validate_python({name: given[name] for name in ("namespace", "context")})
    path = given["kubeconfig"]
    return KatibApi(connect(**texts, kubeconfig=path if isinstance(path, Path) else None))


def _trial_journal(experiment: KatibExperiment, given: dict[str, object]) -> TrialJournal:
    """Return the way to what trials uploaded; what is wrong with the store is said before anything is written."""
    from morphogenetic_engine.storage import open_store
    from morphogenetic_engine.sweeps.single_trial.trial_files import stored_journal

    if experiment.store is None or given["no_store"]:
        return lambda _name: ()
    return partial(stored_journal, open_store(experiment.store))


def _folder(api: KatibApi, experiment: KatibExperiment, given: dict[str, object]) -> SweepFolder:
    from morphogenetic_engine.backends.katib.read.collection import collection_folder

    results, sweep_id = given["results"], given["sweep_id"]
    assert isinstance(results, Path)
    return collection_folder(
        experiment, results=results, sweep_id=str(sweep_id) if sweep_id else None, cluster=api.host
    )


def _download(folder: SweepFolder, experiment: KatibExperiment) -> None:
    from morphogenetic_engine.storage import open_store
    from morphogenetic_engine.backends.katib.read.katib_record import trial_names
    from morphogenetic_engine.sweeps.single_trial.trial_files import download_trial

    if experiment.store is None:
        raise ConfigError(f"{experiment.where}: its trials uploaded nothing; render it with --store")
    store = open_store(experiment.store)
    names = trial_names(folder)
    count = sum(download_trial(store, name, folder.trial(number)) for number, name in names.items())
    click.echo(f"{count} files downloaded from {experiment.store}")


def _show(folder: SweepFolder, experiment: KatibExperiment) -> int:
    """Print what was collected and return the exit status: 1 when the Experiment failed, or no trial is complete."""
    from morphogenetic_engine.cli.views.closing_report import write_closing_report
    from morphogenetic_engine.display.terminal import terminal
    from morphogenetic_engine.cli.commands.running import NO_COMPLETE_TRIAL, show_end
    from morphogenetic_engine.sweeps.record.events import TrialState
    from morphogenetic_engine.backends.katib.read.objects import Phase
    from morphogenetic_engine.sweeps.results import read_result

    result = read_result(folder)
    console = terminal()
    show_end(console, folder, result)
    if result.trials:
        write_closing_report(folder, console)
    over_in_vain = result.outcome is not None and not result.counts[TrialState.COMPLETE]
    return NO_COMPLETE_TRIAL if over_in_vain or experiment.condition.phase is Phase.FAILED else 0


def _again(command: str, api: KatibApi, name: str, given: dict[str, object]) -> str:
    """Return the command that goes on with an Experiment, with the options that this one was given."""
    words = [f"morphogenetic sweep {command} --experiment {name} --namespace {api.namespace}"]
    names = ("kubeconfig", "context", "sweep_id")
    words += [f"--{each.replace('_', '-')} {given[each]}" for each in names if given[each]]
    words += [f"--results {given['results']}"] if given["results"] != options.DEFAULT_RESULTS else []
    return " ".join(words)
