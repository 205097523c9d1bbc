"""The report of a run that did not succeed: its end, and the sweep as far as it was kept."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from morphogenetic_engine.errors import MorphogeneticError, StoreError
from morphogenetic_engine.reports.page.page import page as render
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.steps.kept.kept_run import KeptRun
from morphogenetic_engine.steps.pipeline_run import PipelineRun, RunEnd
from morphogenetic_engine.steps.run_page import ending_chapter, kept_chapter, run_page
from morphogenetic_engine.steps.saying import say
from morphogenetic_engine.sweeps.record.folder import SweepFolder, write_whole
from morphogenetic_engine.sweeps.results import read_result

_POD_ENDED = "the pod of the sweep was ended"
_NEXT = "Where the step is tried again, or the run has an exit task, another report takes the place of this one."


def write_end_report(end: RunEnd, folder: SweepFolder, target: Path, kept: KeptRun | None) -> str:
    """Writes the page and uploads it as the report; returns its address, "" if there is no usable store.

    A plain page comes first, then the page of the sweep, which may fail.
    """
    write_whole(target, run_page(end, kept=folder.info.is_file()).encode())
    address = _upload(kept, target)
    if folder.info.is_file() and _write_sweep_page(folder, target, end, kept.sweep_address if kept else ""):
        address = _upload(kept, target) or address
    return address


def report_interruption(run: PipelineRun, folder: SweepFolder) -> None:
    """Uploads a report of a sweep whose pod is being ended.

    It is the last one of a run that was deleted, which has no exit task. A report that cannot be written does not
    change how the step ends.
    """
    try:
        if run.kept is not None:
            with tempfile.TemporaryDirectory(prefix="report-") as place:
                write_end_report(RunEnd(run, _POD_ENDED, _NEXT), folder, Path(place) / "index.html", run.kept)
    except MorphogeneticError as error:
        say(f"no report of the interrupted sweep: {error}")


def _upload(kept: KeptRun | None, page: Path) -> str:
    if kept is None:
        return ""
    try:
        return kept.keep_report(page.read_bytes())
    except StoreError as error:
        say(f"the report cannot be kept: {error}")
        return ""


def _write_sweep_page(folder: SweepFolder, target: Path, end: RunEnd, address: str) -> bool:
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
