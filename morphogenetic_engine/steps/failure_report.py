"""The component `failure_report`: the exit task of a pipeline. After a success it has nothing to do.

After a failure, or where the run was stopped, it ends the Experiment that is left and reports what there is.
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
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.results import read_result


@step("failure_report")
def failure_report(end: RunEnd, *, namespace: str | None, page: str) -> str:
    """Write the page of a run that has ended; unless it succeeded, also as its report. Return the report's address.

    The namespace is that of its Experiment, "" for that of this pod; None: it has no Experiment.

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
        kept = _fetched(run, SweepFolder(results / run.run_id))
        left = "" if namespace is None else _ended(run, namespace, results)
        address = _written(end, SweepFolder(results / run.run_id), target, kept)
    if left:
        raise ClusterError(left)
    return address


def _fetched(run: PipelineRun, folder: SweepFolder) -> KeptRun | None:
    """Bring the kept sweep here, and return its place; None: there is no store, or none that can be used."""
    try:
        if run.kept is not None:
            run.kept.fetch_sweep(folder)
        return run.kept
    except StoreError as error:
        say(f"the store cannot be used: {error}")
        return None


def _ended(run: PipelineRun, namespace: str, results: Path) -> str:
    """End the Experiment; return why it may still run, or ""."""
    try:
        said = end_experiment(run, namespace, results)
    except ClusterError as error:
        return f"{error}; Experiment {run.experiment} may still run: {end_command(run, namespace)}"
    say(said or f"there is no Experiment {run.experiment}")
    return ""


def _written(end: RunEnd, folder: SweepFolder, target: Path, kept: KeptRun | None) -> str:
    """Write the page, and keep it as the report; first what cannot fail, then what is said of the sweep."""
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
    """Write the page of the sweep; where its files are damaged, the plain page stays."""
    try:
        result = replace(read_result(folder), path=None)  # of this pod, which is gone when somebody reads the page
        more = [ending_chapter(end), kept_chapter(end.run, address)]
        summary = summarize(result, methods=("PED-ANOVA",))
        write_whole(target, render(result, summary, more=more, heading=end.run.name).encode())
    except MorphogeneticError as damage:
        say(f"the kept sweep cannot be read: {damage}")
        return False
    return True
