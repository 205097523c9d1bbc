"""The component `report`: a sweep as one HTML page, for the Kubeflow UI and in the object store."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.reports.formats.reported_sweep import ReportedSweep
from morphogenetic_engine.reports.page.page import page as render
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.evaluation_file import read_evaluation
from morphogenetic_engine.steps.kept_run import KeptRun
from morphogenetic_engine.steps.run_page import evaluation_section
from morphogenetic_engine.sweeps.record.folder import all_sweeps, write_whole


@step("report")
def report(sweep: str, evaluation: str | None, *, page: str, run_id: str, storage: str) -> str:
    """Write the report of the sweep in the results folder `sweep`, and return its address in the store, or "".

    An evaluation is a section of it, and is kept beside it.

    Raises:
        SystemExit: there is no sweep, or the page cannot be written; with the reason in one line.
    """
    sweeps = all_sweeps(Path(sweep))
    if not sweeps:
        raise StoreError(f"{sweep}: holds no sweep; it must be the output of the component sweep or local_sweep")
    more = [evaluation_section(read_evaluation(Path(evaluation)))] if evaluation else []
    target = Path(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    reported = ReportedSweep(sweeps[0])
    write_whole(target, render(reported.result, reported.summary, more=more).encode())
    if not storage:
        return ""
    run = KeptRun(storage, run_id)
    if evaluation:
        run.keep_evaluation(Path(evaluation))
    return run.keep_report(target.read_bytes())
