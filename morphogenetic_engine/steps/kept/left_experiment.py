"""Collects and ends the Experiment of a run that did not succeed."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.backends.katib.client import experiments
from morphogenetic_engine.backends.katib.katib_delegate import source_of, trial_journal
from morphogenetic_engine.backends.katib.read.objects import Snapshot
from morphogenetic_engine.backends.katib.read.snapshot_events import SnapshotEvents
from morphogenetic_engine.backends.kubernetes.connection import connect
from morphogenetic_engine.backends.kubernetes.katib_api import EXPERIMENTS, KatibApi
from morphogenetic_engine.backends.kubernetes.run_pods import is_gone
from morphogenetic_engine.backends.recording import Recording, collection_folder, recording
from morphogenetic_engine.errors import ClusterError, MorphogeneticError
from morphogenetic_engine.steps.kept.keeping import keep_once
from morphogenetic_engine.steps.pipeline_run import PipelineRun
from morphogenetic_engine.steps.saying import say
from morphogenetic_engine.sweeps.record.folder import SweepFolder


def end_experiment(run: PipelineRun, namespace: str, results: Path) -> str:
    """Collects the Experiment of a run into `results`, uploads and ends it; returns a line that states this.

    A completed Experiment stays; only trials that Katib left running are ended.

    Raises:
        ClusterError: the cluster cannot be reached, or refuses.
    """
    api = KatibApi(connect(namespace=namespace or None))
    if api.find(EXPERIMENTS, run.experiment) is None:
        return ""
    snapshot = experiments.snapshot(api, run.experiment)
    folder = _collected(snapshot, api.host, run, results)
    if snapshot.experiment.completed:
        experiments.end_leftovers(api, snapshot.running)
    else:
        experiments.remove(api, run.experiment)
    if folder is not None:
        _write_end(snapshot, folder, run)
    if snapshot.experiment.completed:
        return f"{snapshot.experiment.where}: was completed"
    return f"{snapshot.experiment.where}: deleted, {len(snapshot.running)} trials that still ran were ended"


def end_if_deleted(run: PipelineRun, namespace: str, workflow: str, results: Path) -> None:
    """Ends the Experiment of a deleted run, when the pod that watches it receives SIGTERM.

    A deleted run has no exit task that would end it. If the run still exists, the next attempt or the exit task finds
    the Experiment.
    """
    if not workflow:
        return
    try:
        if is_gone(connect(), workflow):
            say(f"the run was deleted: {end_experiment(run, namespace, results)}")
    except ClusterError as error:
        say(f"{error}; {end_command(run, namespace)}")


def end_command(run: PipelineRun, namespace: str) -> str:
    """Returns the command that ends the Experiment of a run by hand."""
    where = f"--namespace {namespace} " if namespace else ""
    return f"kubectl {where}delete experiment {run.experiment}"


def _collected(snapshot: Snapshot, cluster: str, run: PipelineRun, results: Path) -> SweepFolder | None:
    """Collects and uploads an Experiment; errors of the folder or the store do not prevent ending it."""
    try:
        folder = collection_folder(source_of(snapshot.experiment, cluster), results=results, sweep_id=run.run_id)
        with recording(folder) as record:
            record.add(_news(snapshot, folder, record).update(snapshot))
    except ClusterError:
        raise
    except MorphogeneticError as error:
        say(f"{snapshot.experiment.where}: cannot be collected: {error}")
        return None
    keep_once(run.kept, folder, warn=say)
    return folder


def _write_end(snapshot: Snapshot, folder: SweepFolder, run: PipelineRun) -> None:
    try:
        with recording(folder) as record:
            record.add(_news(snapshot, folder, record).stop(snapshot.experiment))
    except MorphogeneticError as error:
        say(f"{snapshot.experiment.where}: its end cannot be written: {error}")
        return
    keep_once(run.kept, folder, warn=say)


def _news(snapshot: Snapshot, folder: SweepFolder, record: Recording) -> SnapshotEvents:
    return SnapshotEvents(folder, record.history, snapshot.experiment, journal=trial_journal(snapshot.experiment))
