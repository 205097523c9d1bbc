"""What a pipeline says on its pages beside the sweep: how its run ended, and what the trained models are worth."""

from __future__ import annotations

from markupsafe import Markup

from morphogenetic_engine.reports.page.page import Section, templates
from morphogenetic_engine.steps.comparison import Baseline
from morphogenetic_engine.steps.evaluation_file import Evaluation

_NAMES = {Baseline.FREQUENT_CLASS: "saying always the most frequent class", Baseline.DEFAULTS: "the sweep's defaults"}


def run_page(run_id: str, *, state: str, error: str, storage: str, kept: bool) -> str:
    """Return the page of a run that has no sweep to show; `kept`: there is one in the store."""
    return _rendered(
        "run.html",
        run_id=run_id,
        state=state,
        succeeded=state == "SUCCEEDED",
        error=error,
        storage=storage,
        kept=kept,
    )


def ending_section(*, state: str, error: str, storage: str) -> Section:
    """Return what a report begins with whose pipeline failed."""
    body = _rendered("ending.html", state=state, error=error, storage=storage)
    return Section("ending", "The pipeline failed", Markup(body), urgent=True)


def evaluation_section(found: Evaluation) -> Section:
    """Return the trained models of a report: their metrics, the test split, and what they are compared with."""
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
    return Section("evaluation", "The best, trained again", Markup(body))


def _rendered(template: str, **values: object) -> str:
    return templates("morphogenetic_engine.steps").get_template(template).render(values)
