"""The figures of a sweep, in the order of the report."""

from __future__ import annotations

from morphogenetic_engine.reports.drawing.charts import Figure
from morphogenetic_engine.reports.summary import SweepSummary
from morphogenetic_engine.sweeps.results import SweepResult


def figures_of(result: SweepResult, summary: SweepSummary) -> tuple[Figure, ...]:
    """Returns the figures of all sections; a figure with nothing to draw says why. `result` is that of the summary."""
    assert result is summary.result, "the summary is of another sweep"
    return tuple(figure for each in summary.sections for figure in each.figures(summary.of(each), summary))
