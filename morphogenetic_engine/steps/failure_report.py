"""The component `failure_report`: the exit task of a pipeline. After a success it does nothing.

After a failure or a stop, it ends the run's Experiment and reports the partial results.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from morphogenetic_engine.errors import ClusterError, MorphogeneticError, StoreError
from morphogenetic_engine.reports.page.page import page as render
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.kept.kept_run import KeptRun
from morphogenetic_engine.steps.kept.left_experiment import end_command, end_experiment
from morphogenetic_engine.steps.pipeline_run import PipelineRun, RunEnd, RunOutcome
from morphogenetic_engine.steps.run_page import ending_chapter, kept_chapter, run_page
from morphogenetic_engine.steps.saying import say
from morphogenetic_engine.sweeps.record.folder import SweepFolder, sweep_folder, write_whole
from morphogenetic_engine.sweeps.results import read_result


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
        address = _written(end, sweep_folder(results, run.run_id), target, kept)
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


def _written(end: RunEnd, folder: SweepFolder, target: Path, kept: KeptRun | None) -> str:
    """Writes the page and uploads it as the report; a plain page first, then the page of the sweep, which may fail."""
    write_whole(target, run_page(end, kept=folder.info.is_file()).encode())
    address = _report_kept(kept, target)
    if folder.info.is_file() and _whole_page(folder, target, end, kept.sweep_address if kept else ""):
        address = _report_kept(kept, target) or address
    return address


def _report_kept(kept: KeptRun | None, page: Path) -> str:
    if kept is None:
        return ""
    try:
        return kept.keep_report(page.read_bytes())
    except StoreError as error:
        say(f"the report cannot be kept: {error}")
        return ""


def _whole_page(folder: SweepFolder, target: Path, end: RunEnd, address: str) -> bool:
    """Writes the page of the sweep; if its files are damaged, the plain page stays."""
    try:
        result = replace(read_result(folder), path=None)  # a path of this pod, which is gone when the page is read
        more = [ending_chapter(end), kept_chapter(end.run, address)]
        summary = summarize(result, methods=("PED-ANOVA",))
        write_whole(target, render(result, summary, more=more, heading=end.run.name).encode())
    except MorphogeneticError as damage:
        say(f"the kept sweep cannot be read: {damage}")
        return False
    return True
