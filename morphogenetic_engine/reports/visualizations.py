"""All figures of a sweep, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import Figure
from morphogenetic_engine.reports.figures.correlation import correlation_figure
from morphogenetic_engine.reports.figures.distribution import distribution_figure
from morphogenetic_engine.reports.figures.history import history_figure
from morphogenetic_engine.reports.figures.importance import importance_figure
from morphogenetic_engine.reports.figures.learning_curves import learning_curves_figure
from morphogenetic_engine.reports.figures.pairs import contours_figure, ranks_figure
from morphogenetic_engine.reports.figures.parallel import parallel_figure
from morphogenetic_engine.reports.figures.pareto import pareto_figure
from morphogenetic_engine.reports.figures.slices import slices_figure
from morphogenetic_engine.reports.figures.timeline import timeline_figure
from morphogenetic_engine.reports.importance.importance import Importance
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.sweeps.results import SweepResult


def figures_of(result: SweepResult, summary: SweepSummary) -> tuple[Figure, ...]:
    """Return the figures of a sweep; one with nothing to draw says why."""
    order = by_importance(summary.importance, summary.parameters)
    pareto = () if summary.pareto is None else (pareto_figure(result, summary.pareto),)
    return (
        history_figure(result),
        *pareto,
        parallel_figure(result, order),
        importance_figure(summary.importance),
        slices_figure(result, summary.slices, order),
        contours_figure(result, order),
        ranks_figure(result, order),
        correlation_figure(summary.correlations),
        learning_curves_figure(result),
        distribution_figure(result),
        timeline_figure(summary.timeline),
    )


def by_importance(importance: Sequence[Importance], parameters: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters, the most important for the first objective first; those not judged keep their order."""
    judged = next((each.parameters for each in importance if each.parameters), ())
    return tuple(dict.fromkeys([*(each.parameter for each in judged), *parameters]))
