"""The component `report`: a sweep as one HTML page, for the Kubeflow UI and in the object store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.reports.page.page import page as render
from morphogenetic_engine.reports.summary import summarize
from morphogenetic_engine.steps.ending import step
from morphogenetic_engine.steps.pipeline_run import PipelineRun
from morphogenetic_engine.steps.run_page import evaluation_chapter, kept_chapter
from morphogenetic_engine.steps.trained.evaluation_file import Evaluation, read_evaluation, write_evaluation
from morphogenetic_engine.sweeps.record.folder import all_sweeps, write_whole
from morphogenetic_engine.sweeps.results import SweepResult, read_result


@step("report")
def report(sweep: str, evaluation: str | None, *, run_id: str, name: str, storage: str, page: str) -> str:
    """Writes the report of the sweep in the results folder `sweep`, and returns its address in the store, or "".

    An evaluation is a section of it, and is kept beside it.

    Raises:
        SystemExit: there is no sweep, or the page cannot be written; with the reason in one line.
    """
    sweeps = all_sweeps(Path(sweep))
    if not sweeps:
        raise StoreError(f"{sweep}: holds no sweep; it must be the output of the component sweep or local_sweep")
    result = replace(read_result(sweeps[0]), path=None)  # a path of this pod, which is gone when the page is read
    run = PipelineRun(run_id, name, storage)
    found = _with_found(read_evaluation(Path(evaluation)), result) if evaluation else None
    target = Path(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = kept_chapter(run, run.kept.sweep_address if run.kept else "")
    more = [*([evaluation_chapter(found)] if found else []), kept]
    write_whole(target, render(result, summarize(result, methods=("PED-ANOVA",)), more=more, heading=name).encode())
    if run.kept is None:
        return ""
    if found:
        write_evaluation(target.with_name("evaluation.json"), found)
        run.kept.keep_evaluation(target.with_name("evaluation.json"))
    return run.kept.keep_report(target.read_bytes())


def _with_found(evaluation: Evaluation, result: SweepResult) -> Evaluation:
    """Returns an evaluation with the sweep's metrics of the same configuration and seed added."""
    training = evaluation.training
    for trial in result.trials:
        metrics = trial.replicates[0].metrics if 0 in trial.replicates else trial.metrics
        if trial.number == training.trial and dict(trial.params) == training.params:
            found = training.model_copy(update={"found": dict(metrics)})
            return evaluation.model_copy(update={"training": found})
    return evaluation
