"""The Pareto figure: the non-dominated trials over each pair of objectives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from morphogenetic_engine.reports.analysis.pareto import Pareto, ParetoPoint
from morphogenetic_engine.reports.drawing.charts import Chart, Figure, Line, Mark, Points
from morphogenetic_engine.reports.figures.sampling import left_out, thinned
from morphogenetic_engine.reports.figures.scales_of_sweep import objective_axis
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Direction

_MOST = 1000
_MOST_PAIRS = 6
_CAPTION = (
    "Each mark is a trial. The front are the trials that no other one beats in one objective without losing in another;"
    " which of them is best is your choice."
)


def pareto_figure(result: SweepResult, pareto: Pareto) -> Figure:
    """Returns the front over each pair of objectives."""
    heading = "Pareto front"
    if not pareto.points:
        empty = "No trial is complete, so there is no objective to show."
        return Figure("pareto", heading, _CAPTION, (), empty=empty)
    front = {point.trial for point in pareto.front}
    drawn = {trial.number for trial in thinned(list(result.complete), _MOST, keep=front)}
    pairs = list(combinations(range(len(pareto.objectives)), 2))
    charts = tuple(_chart(result, pareto, drawn, x, y) for x, y in pairs[:_MOST_PAIRS])
    notes = [left_out(len(drawn), len(pareto.points))]
    if len(pairs) > _MOST_PAIRS:
        notes.append(f"{_MOST_PAIRS} of {len(pairs)} pairs of objectives are shown.")
    return Figure("pareto", heading, _CAPTION, charts, left_out=" ".join(filter(None, notes)))


def _chart(result: SweepResult, pareto: Pareto, drawn: set[int], x: int, y: int) -> Chart:
    objectives = result.config.optimization.objectives
    points = [point for point in pareto.points if point.trial in drawn]
    axes = [objective_axis(objectives[each], [point.values[each] for point in pareto.points]) for each in (x, y)]
    front = sorted(pareto.front, key=lambda point: point.values[x])
    marks: list[Mark] = [_points("faint", [point for point in points if not point.front], x, y, "other trial")]
    if len(objectives) == 2:
        marks.append(_edge(front, objectives[x].direction))
    marks.append(_points("front", front, x, y, f"Pareto front ({len(front)})"))
    wide = len(objectives) == 2
    return Chart(
        f"Pareto front of {pareto.objectives[x]} and {pareto.objectives[y]}",
        f"{len(front)} of {len(pareto.points)} complete trials are on the front: trials "
        + ", ".join(str(point.trial) for point in front[:20])
        + ("." if len(front) <= 20 else " and others."),
        axes[0],
        axes[1],
        tuple(marks),
        width=1100 if wide else 540,
        height=380 if wide else 320,
    )


def _points(style: str, points: Sequence[ParetoPoint], x: int, y: int, label: str) -> Points:
    return Points(
        "best" if style == "front" else style,
        tuple(point.values[x] for point in points),
        tuple(point.values[y] for point in points),
        tuple(point.trial for point in points),
        "diamond" if style == "front" else "dot",
        label if points else "",
    )


def _edge(front: Sequence[ParetoPoint], x: Direction) -> Line:
    """Returns the step line that bounds the region dominated by the front."""
    ordered = list(front) if x is Direction.MINIMIZE else list(reversed(front))
    return Line(
        "best",
        tuple(point.values[0] for point in ordered),
        tuple(point.values[1] for point in ordered),
        stepped=True,
    )
