"""The page of a run that has ended, for the exit task of a pipeline: how, why, and what the sweep had come to."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from morphogenetic_engine.sweeps.events import TrialState
from morphogenetic_engine.sweeps.results import SweepResult


def run_page(run_id: str, *, state: str, error: str, storage: str, result: SweepResult | None) -> str:
    """Return the page, one file without scripts; `result` is the sweep as far as it was kept."""
    environment = Environment(
        loader=PackageLoader("morphogenetic_engine.steps"), autoescape=True, undefined=StrictUndefined
    )
    best = result.best if result else None
    return environment.get_template("run.html").render(
        run_id=run_id,
        state=state,
        succeeded=state == "SUCCEEDED",
        error=error,
        storage=storage,
        result=result,
        counts=[(each.value, result.counts[each]) for each in TrialState if result.counts[each]] if result else [],
        best=best,
        target=result.config.optimization.target_metric if result else "",
        described=result.config.space.describe(best.params) if result and best else "",
        failed=[trial for trial in result.trials if trial.state is TrialState.FAILED] if result else [],
    )
