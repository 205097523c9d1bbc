"""The slice figures: the objective over each parameter."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.analysis.slices import Slice
from morphogenetic_engine.reports.drawing.charts import Chart, Figure, Points, Shape
from morphogenetic_engine.reports.drawing.scales import CategoryScale
from morphogenetic_engine.reports.figures.sampling import left_out, thinned
from morphogenetic_engine.reports.figures.scales_of_sweep import objective_axis, parameter_axis
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

_MOST = 800
_KEPT = 40
MOST_PARAMETERS = 12
_CAPTION = (
    "The objective of each trial against one of its parameters; the other parameters differ too. A best trial close to"
    " an edge of its range suggests a wider range. Ticks along the lower edge are pruned trials."
)


def slices_figure(result: SweepResult, slices: Sequence[Slice], order: Sequence[str]) -> Figure:
    """Returns a chart for each parameter in the given order, the most important first."""
    complete = list(result.complete)
    if not complete:
        return Figure("slices", "Slices", _CAPTION, (), empty="No trial is complete, so there is no objective to show.")
    drawn = thinned(complete, _MOST, keep={trial.number for trial in result.ranked[:_KEPT]})
    known = {each.parameter: each for each in slices}
    names = [name for name in order if name in known][:MOST_PARAMETERS]
    charts = tuple(_chart(result, known[name], drawn) for name in names)
    notes = [left_out(len(drawn), len(complete))]
    if len(known) > len(names):
        notes.append(f"{len(known) - len(names)} less important parameters have no chart.")
    return Figure("slices", "Slices", _CAPTION, charts, left_out=" ".join(filter(None, notes)))


def _chart(result: SweepResult, piece: Slice, complete: Sequence[TrialRecord]) -> Chart:
    objective = result.config.optimization.all_objectives[0]
    pruned = thinned([trial for trial in result.trials if trial.state is TrialState.PRUNED], _MOST // 2)
    x = parameter_axis(piece.parameter, result.config.space.axes[piece.parameter], [*complete, *pruned])
    y = objective_axis(objective, [trial.metrics[objective.metric] for trial in complete])
    value_of = {
        trial.number: value for trial, value in zip([*complete, *pruned], x.values, strict=True) if value is not None
    }
    height_of = {trial.number: trial.metrics[objective.metric] for trial in complete}
    edge = 0.0 if isinstance(y.scale, CategoryScale) else y.scale.low
    height_of.update((trial.number, edge) for trial in pruned)

    def points(style: str, shape: Shape, trials: Sequence[TrialRecord]) -> Points:
        numbers = tuple(trial.number for trial in trials if trial.number in value_of)
        xs, ys = tuple(value_of[each] for each in numbers), tuple(height_of[each] for each in numbers)
        return Points(style, xs, ys, numbers, shape)

    best = [trial for trial in complete if trial is result.best]
    others = [trial for trial in complete if trial is not result.best]
    marks = (points("pruned", "tick", pruned), points("complete", "dot", others), points("best", "diamond", best))
    return Chart(f"{objective.metric} by {piece.parameter}", _description(piece), x.axis, y, marks, 356, 260)


def _description(piece: Slice) -> str:
    parts = [f"{each.region.label}: median {each.median:.4g}, best {each.best:.4g}" for each in piece.bins]
    return f"The objective in parts of {piece.parameter}. " + "; ".join(parts) + "."
