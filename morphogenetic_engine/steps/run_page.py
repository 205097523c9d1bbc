"""The pipeline's sections of a report page: how the run ended, and the evaluation of the trained models."""

from __future__ import annotations

from markupsafe import Markup

from morphogenetic_engine.reports.page.page import AddedChapter, templates
from morphogenetic_engine.steps.pipeline_run import PipelineRun, RunEnd, RunOutcome
from morphogenetic_engine.steps.trained.comparison import Baseline
from morphogenetic_engine.steps.trained.evaluation_file import Evaluation

_NAMES = {Baseline.FREQUENT_CLASS: "saying always the most frequent class", Baseline.DEFAULTS: "the sweep's defaults"}


def run_page(end: RunEnd, *, kept: bool) -> str:
    """Returns the page of a run without a readable sweep; `kept`: the store holds one."""
    return _rendered("run.html", succeeded=end.outcome is RunOutcome.SUCCEEDED, kept=kept, **_facts(end))


def ending_chapter(end: RunEnd) -> AddedChapter:
    """Returns the first section of the report of a pipeline that did not succeed."""
    heading = "The pipeline was stopped" if end.outcome is RunOutcome.STOPPED else "The pipeline failed"
    return AddedChapter("ending", heading, Markup(_rendered("ending.html", **_facts(end))), urgent=True)


def _facts(end: RunEnd) -> dict[str, object]:
    run = end.run
    return {
        "name": run.name,
        "run_id": run.run_id,
        "storage": run.storage,
        "outcome": str(end.outcome),
        "state": end.state,
        "error": end.error,
    }


def kept_chapter(run: PipelineRun, address: str) -> AddedChapter:
    """Returns the section that says where a report's sweep is stored, and how to fetch it after the pod is gone.

    `address` is that of the sweep's folder; "": it is not stored.
    """
    command = f"python -m pipelines fetch {run.run_id} --storage {run.storage}"
    return AddedChapter("kept", "Where it is kept", Markup(_rendered("kept.html", address=address, command=command)))


def evaluation_chapter(found: Evaluation) -> AddedChapter:
    """Returns the section of the trained models: their metrics, the test split, and their baselines."""
    roc = found.test.roc if found.test else None
    body = _rendered(
        "evaluation.html",
        trained=found.training,
        baseline=found.baseline,
        test=found.test,
        comparisons=found.comparisons,
        names=_NAMES,
        curve=list(zip(roc.false_positive_rates, roc.true_positive_rates, strict=True)) if roc else [],
        note=found.note,
    )
    return AddedChapter("evaluation", "The best, trained again", Markup(body))


def _rendered(template: str, **values: object) -> str:
    return templates("morphogenetic_engine.steps").get_template(template).render(values)
