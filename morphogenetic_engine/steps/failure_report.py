"""The component `failure_report`: the exit task of a pipeline. After a success it does nothing.

After a failure or a stop, it ends the run's Experiment and reports the partial results.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from morphogenetic_engine.errors import ClusterError, StoreError
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.kept.end_report import write_end_report
from morphogenetic_engine.steps.kept.kept_run import KeptRun
from morphogenetic_engine.steps.kept.left_experiment import end_command, end_experiment
from morphogenetic_engine.steps.pipeline_run import PipelineRun, RunEnd, RunOutcome
from morphogenetic_engine.steps.run_page import run_page
from morphogenetic_engine.steps.saying import say
from morphogenetic_engine.sweeps.record.folder import SweepFolder, sweep_folder, write_whole


@step("failure_report")
def failure_report(end: RunEnd, *, namespace: str | None, page: str) -> str:
    """Writes the page of a run that has ended; unless it succeeded, also as its report. Returns the report's address.

    `namespace` is that of the run's Experiment, "" for the pod's own; None: it has no Experiment.

    Raises:
        SystemExit: the page cannot be written, or the Experiment may still run; with the reason in one line.
    """
    target = Path(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    run = end.run
    say(f"the run {end.outcome} ({end.state})")
    if end.outcome is RunOutcome.SUCCEEDED:
        write_whole(target, run_page(end, kept=False).encode())
        return ""
    with tempfile.TemporaryDirectory(prefix="sweep-") as place:
        results = Path(place)
        kept = _fetched(run, sweep_folder(results, run.run_id))
        left = "" if namespace is None else _ended(run, namespace, results)
        address = write_end_report(end, sweep_folder(results, run.run_id), target, kept)
    if left:
        raise ClusterError(left)
    return address


def _fetched(run: PipelineRun, folder: SweepFolder) -> KeptRun | None:
    """Downloads the kept sweep, and returns its place; None: there is no usable store."""
    try:
        if run.kept is not None:
            run.kept.fetch_sweep(folder)
        return run.kept
    except StoreError as error:
        say(f"the store cannot be used: {error}")
        return None


def _ended(run: PipelineRun, namespace: str, results: Path) -> str:
    """Ends the Experiment; returns the reason if it may still run, otherwise ""."""
    try:
        said = end_experiment(run, namespace, results)
    except ClusterError as error:
        return f"{error}; Experiment {run.experiment} may still run: {end_command(run, namespace)}"
    say(said or f"there is no Experiment {run.experiment}")
    return ""
