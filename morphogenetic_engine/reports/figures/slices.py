"""The slice figures: the objective over each parameter."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.analysis.slices import Slice
from morphogenetic_engine.reports.drawing.charts import Chart, Figure, Mark, Points
from morphogenetic_engine.reports.figures.sampling import left_out, thinned
from morphogenetic_engine.reports.figures.scales_of_sweep import ParameterAxis, objective_axis, parameter_axis
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

_MOST = 800
_KEPT = 40
MOST_PARAMETERS = 12
_CAPTION = (
    "The objective of each trial against one of its parameters; the other parameters differ too. A best trial close to"
    " an edge of its range suggests a wider range."
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


def _chart(result: SweepResult, piece: Slice, drawn: Sequence[TrialRecord]) -> Chart:
    objective = result.config.optimization.all_objectives[0]
    x = parameter_axis(piece.parameter, result.config.space.axes[piece.parameter], drawn)
    y = objective_axis(objective, [trial.metrics[objective.metric] for trial in drawn])
    best = result.best
    marks: list[Mark] = [
        _points(x, drawn, objective.metric, {trial.number for trial in drawn if trial is not best}, "complete")
    ]
    if best is not None and piece.parameter in best.params:
        marks.append(_points(x, drawn, objective.metric, {best.number}, "best"))
    return Chart(f"{objective.metric} by {piece.parameter}", _description(piece), x.axis, y, tuple(marks), 356, 260)


def _points(x: ParameterAxis, drawn: Sequence[TrialRecord], metric: str, numbers: set[int], style: str) -> Points:
    there = [
        (value, trial)
        for value, trial in zip(x.values, drawn, strict=True)
        if value is not None and trial.number in numbers
    ]
    return Points(
        style,
        tuple(value for value, _ in there),
        tuple(trial.metrics[metric] for _, trial in there),
        tuple(trial.number for _, trial in there),
        "diamond" if style == "best" else "dot",
    )


def _description(piece: Slice) -> str:
    parts = [f"{each.region.label}: median {each.median:.4g}, best {each.best:.4g}" for each in piece.bins]
    return f"The objective in parts of {piece.parameter}. " + "; ".join(parts) + "."
