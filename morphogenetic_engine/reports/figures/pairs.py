"""The pair figures: the trials over two parameters, coloured by rank, and the landscape estimated from them.

The landscape is a kernel estimate (Nadaraya and Watson, 1964) of the objective's rank on the scales of the search; it
is drawn only near trials, because elsewhere no data supports it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.reports.drawing.charts import LEVELS, Axis, Boxes, Chart, Figure, Mark, Points
from morphogenetic_engine.reports.drawing.scales import CategoryScale, LinearScale, LogScale, Scale
from morphogenetic_engine.reports.figures.level import (
    level_style,
    ordered_trials,
    rank_key,
    stopped_note,
    trial_levels,
)
from morphogenetic_engine.reports.figures.sampling import left_out, thinned
from morphogenetic_engine.reports.figures.scales_of_sweep import ParameterAxis, parameter_axis
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

Floats = NDArray[np.float64]

MOST_PARAMETERS = 4
_MOST = 500
_KEPT = 30
_CELLS = 24
_WIDTH = 0.08
"""The kernel's standard deviation as a share of the axis."""
_NEAR = 0.12
"""The largest distance between a cell and the nearest trial, as a share of the axis."""
_FEWEST = 8
_SIZE = (356, 330)


def contours_figure(result: SweepResult, order: Sequence[str]) -> Figure:
    """Returns the landscape over each pair of the most important parameters."""
    caption = (
        "The objective over two parameters, estimated from the trials nearby (dots); where no trial is near, nothing"
        " is drawn. The darkest, in the dark theme the brightest, is the best." + stopped_note(result)
    )
    count = len(ordered_trials(result))
    if count < _FEWEST:
        empty = f"A landscape needs {_FEWEST} complete trials; there are {count}."
        return Figure("contours", "Contours", caption, (), empty=empty)
    charts, note = _charts(result, order, landscape=True)
    empty = "" if charts else "A pair needs two parameters that vary."
    return Figure("contours", "Contours", caption, charts, left_out=note, empty=empty)


def ranks_figure(result: SweepResult, order: Sequence[str]) -> Figure:
    """Returns each trial, coloured by its rank, over each pair of the most important parameters."""
    caption = (
        "Every trial by its rank, over two parameters. Unlike a contour nothing is estimated: good trials that lie"
        " together show a region, good trials anywhere show that the pair does not matter." + stopped_note(result)
    )
    charts, note = _charts(result, order, landscape=False)
    empty = "" if charts else "A pair needs a complete trial, and two parameters that vary."
    return Figure("ranks", "Ranks", caption, charts, left_out=note, empty=empty)


def _charts(result: SweepResult, order: Sequence[str], *, landscape: bool) -> tuple[tuple[Chart, ...], str]:
    trials = sorted(ordered_trials(result), key=lambda trial: trial.number)
    drawn = thinned(trials, _MOST, keep={trial.number for trial in result.ranked[:_KEPT]})
    charts: list[Chart] = []
    levels = trial_levels(result)
    for one, other in combinations(order[:MOST_PARAMETERS], 2):
        there = [trial for trial in drawn if one in trial.params and other in trial.params]
        axes = [parameter_axis(name, result.config.space.axes[name], there) for name in (one, other)]
        if there and not any(axis.column.constant for axis in axes):
            charts.append(_chart(result, there, levels, axes[0], axes[1], landscape=landscape))
    notes = [left_out(len(drawn), len(trials))]
    if len(order) > MOST_PARAMETERS:
        notes.append(f"The {MOST_PARAMETERS} most important of {len(order)} parameters are paired.")
    return tuple(charts), " ".join(filter(None, notes)) if charts else ""


def _chart(
    result: SweepResult,
    trials: Sequence[TrialRecord],
    levels: Mapping[int, int],
    x: ParameterAxis,
    y: ParameterAxis,
    *,
    landscape: bool,
) -> Chart:
    places = [(a, b) for a, b in zip(x.values, y.values, strict=True) if a is not None and b is not None]
    marks: list[Mark] = []
    if landscape:
        rank_N = np.array([levels[trial.number] for trial in trials], dtype=np.float64)
        marks.extend(_landscape(x.axis, y.axis, places, rank_N))
        marks.append(_points("ink", trials, places))
    else:
        for level in range(LEVELS):
            inside = [index for index, trial in enumerate(trials) if levels[trial.number] == level]
            marks.append(
                _points(level_style(level), [trials[each] for each in inside], [places[each] for each in inside])
            )
    best = [index for index, trial in enumerate(trials) if trial is result.best]
    marks.append(_points("best", [trials[each] for each in best], [places[each] for each in best], diamond=True))
    what = "Landscape" if landscape else "Ranks"
    title = f"{what} over {x.axis.name} and {y.axis.name}"
    return Chart(title, _description(result, x, y), x.axis, y.axis, tuple(marks), *_SIZE, key=rank_key(result))


def _points(
    style: str, trials: Sequence[TrialRecord], places: Sequence[tuple[float, float]], *, diamond: bool = False
) -> Points:
    numbers = tuple(trial.number for trial in trials)
    xs, ys = tuple(x for x, _ in places), tuple(y for _, y in places)
    return Points(style, xs, ys, numbers, "diamond" if diamond else "dot")


def _landscape(x: Axis, y: Axis, places: Sequence[tuple[float, float]], rank_N: Floats) -> list[Boxes]:
    unit_N2 = np.array([(x.scale.unit(a), y.scale.unit(b)) for a, b in places])
    edges_x, edges_y = _edges(x.scale), _edges(y.scale)
    centre_X, centre_Y = (edges_x[:-1] + edges_x[1:]) / 2, (edges_y[:-1] + edges_y[1:]) / 2
    centre_C2 = np.stack(np.meshgrid(centre_X, centre_Y), axis=-1).reshape(-1, 2)
    apart_CN = np.linalg.norm(centre_C2[:, None, :] - unit_N2[None, :, :], axis=-1)
    weight_CN = np.exp(-0.5 * (apart_CN / _WIDTH) ** 2)
    total_C = weight_CN.sum(axis=1)
    estimate_C = np.divide(weight_CN @ rank_N, total_C, out=np.zeros_like(total_C), where=total_C > 0)
    level_C = np.where(apart_CN.min(axis=1) <= _NEAR, np.rint(estimate_C).astype(int), -1)
    boxes: list[Boxes] = []
    for level in range(LEVELS):
        rows, columns = np.divmod(np.flatnonzero(level_C == level), centre_X.size)
        boxes.append(_boxes(level, _values(x.scale, edges_x), _values(y.scale, edges_y), columns, rows))
    return boxes


def _boxes(
    level: int, xs: Sequence[float], ys: Sequence[float], columns: NDArray[np.intp], rows: NDArray[np.intp]
) -> Boxes:
    return Boxes(
        level_style(level),
        tuple(xs[column] for column in columns),
        tuple(xs[column + 1] for column in columns),
        tuple(ys[row] for row in rows),
        tuple(ys[row + 1] for row in rows),
    )


def _edges(scale: Scale) -> Floats:
    count = len(scale.labels) if isinstance(scale, CategoryScale) else _CELLS
    edges: Floats = np.linspace(0, 1, count + 1)
    return edges


def _values(scale: Scale, edges: Floats) -> list[float]:
    """Returns the values at the given positions of a scale."""
    match scale:
        case CategoryScale():
            return [float(edge) * len(scale.labels) - 0.5 for edge in edges]
        case LogScale():
            low, high = math.log(scale.low), math.log(scale.high)
            return [math.exp(low + (high - low) * float(edge)) for edge in edges]
        case LinearScale():
            return [scale.low + (scale.high - scale.low) * float(edge) for edge in edges]


def _description(result: SweepResult, x: ParameterAxis, y: ParameterAxis) -> str:
    best = result.best
    if best is None or x.axis.name not in best.params or y.axis.name not in best.params:
        return f"{result.config.optimization.target_metric} over {x.axis.name} and {y.axis.name}."
    found = result.config.space.describe({name: best.params[name] for name in (x.axis.name, y.axis.name)})
    return (
        f"{result.config.optimization.target_metric} over {x.axis.name} and {y.axis.name}. The best trial has {found}."
    )
