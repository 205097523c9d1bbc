"""The distribution figure: the objective's empirical distribution function."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import Axis, Chart, Figure, Line
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.drawing.scales import LinearScale
from morphogenetic_engine.reports.figures.scales_of_sweep import objective_axis
from morphogenetic_engine.sweeps.record.averages import median_of
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Objective

_MOST = 400
_CAPTION = (
    "The share of the trials whose objective is at most the value below. A curve that rises late has mostly good"
    " trials where higher is better; a long flat end is a best trial far ahead of the others."
)


def distribution_figure(result: SweepResult) -> Figure:
    """Returns a curve for each objective."""
    heading = "Distribution"
    if not result.in_order:
        empty = "No trial is complete, so there is no objective to show."
        return Figure("distribution", heading, _CAPTION, (), empty=empty)
    objectives = result.config.optimization.all_objectives
    charts = tuple(_chart(each, sorted(trial.metrics[each.metric] for trial in result.complete)) for each in objectives)
    return Figure("distribution", heading, _CAPTION, charts)


def _chart(objective: Objective, values: Sequence[float]) -> Chart:
    x = objective_axis(objective, values)
    places = _corners(len(values))
    shares = [100 * (index + 1) / len(values) for index in places]
    xs = (values[0], *(values[index] for index in places))
    return Chart(
        f"Distribution of {objective.metric}",
        f"Half of the {len(values)} complete trials have a {objective.metric} of at most"
        f" {number_text(median_of(values))}; the smallest is {number_text(values[0])}, the largest"
        f" {number_text(values[-1])}.",
        x,
        Axis("share of the complete trials", "%", LinearScale(0, 104)),
        (Line("complete", tuple(xs), (0.0, *shares), stepped=True),),
        height=280,
    )


def _corners(count: int) -> list[int]:
    """Returns the indices of at most _MOST values, both ends included."""
    if count <= _MOST:
        return list(range(count))
    return [round(index * (count - 1) / (_MOST - 1)) for index in range(_MOST)]
