"""The learning-curve figure: the metric that each trial reported by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from morphogenetic_engine.reports.drawing.charts import Axis, Band, Chart, Figure, Line, Mark
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.drawing.scales import fitted
from morphogenetic_engine.reports.figures.sampling import thinned
from morphogenetic_engine.reports.figures.scales_of_sweep import metric_axis, objective_axis
from morphogenetic_engine.sweeps.record.averages import quantiles_of
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

_MOST = 60
_BEST = 5
_FEWEST_FOR_BAND = 10
_CAPTION = (
    "Each thin line is a trial, the strong ones are the five best. Lines that still rise at the end suggest more"
    " steps; lines that separate early suggest pruning."
)

_NO_CURVES = "The trials report no steps, so there are no curves."
_NOT_COLLECTED = (
    "No curves were collected: the step reports of trials on a cluster are returned only where trials upload their"
    " files to a store (`sweep submit --store`; in a pipeline: SWEEP_TRIAL_SECRET names a Secret with its credentials)."
)

Curve = Mapping[int, float]
"""A metric by step."""


def curve_metric(result: SweepResult) -> str | None:
    """Returns the metric whose curves are shown: the objective where it is reported, else the one reported most."""
    counts: Counter[str] = Counter()
    for trial in result.trials:
        steps = _steps(trial)
        if len(steps) > 1:
            counts.update(next(iter(steps.values())).keys())
    objective = result.config.optimization.target_metric
    return objective if counts[objective] else next((name for name, _ in counts.most_common(1)), None)


def curve_of(trial: TrialRecord, metric: str) -> Curve:
    """Returns a trial's curve; with replicates the first one's, because each replicate counts its own steps."""
    return {step: metrics[metric] for step, metrics in sorted(_steps(trial).items()) if metric in metrics}


def learning_curves_figure(result: SweepResult) -> Figure:
    """Returns the learning curves."""
    metric = curve_metric(result)
    heading = "Learning curves"
    if metric is None:
        empty = _NO_CURVES if result.info.origin is None else _NOT_COLLECTED
        return Figure("learning-curves", heading, _CAPTION, (), empty=empty)
    best = list(result.ranked[:_BEST])
    curves = {trial.number: curve_of(trial, metric) for trial in result.trials}
    shown = [trial for trial in result.trials if curves[trial.number]]
    drawn = thinned(shown, _MOST, keep={trial.number for trial in best})
    steps = [step for trial in drawn for step in curves[trial.number]]
    chart = Chart(
        f"Learning curves of {metric}",
        _description(metric, curves, best, len(shown)),
        Axis("step", "as reported", fitted(steps, whole=True)),
        _axis(result, metric, [value for trial in drawn for value in curves[trial.number].values()]),
        tuple(_marks(drawn, best, curves)),
        width=1100,
        height=340,
    )
    out = f"{len(drawn)} of {len(shown):,} curves are drawn: the best ones, and an even selection of the others."
    return Figure("learning-curves", heading, _CAPTION, (chart,), left_out=out if len(drawn) < len(shown) else "")


def _axis(result: SweepResult, metric: str, values: Sequence[float]) -> Axis:
    objective = result.config.optimization.all_objectives[0]
    return objective_axis(objective, values) if metric == objective.metric else metric_axis(metric, values)


def _steps(trial: TrialRecord) -> Mapping[int, Mapping[str, float]]:
    if trial.replicates:
        return trial.replicates[min(trial.replicates)].curve
    return trial.curve


def _marks(drawn: Sequence[TrialRecord], best: Sequence[TrialRecord], curves: Mapping[int, Curve]) -> list[Mark]:
    marks: list[Mark] = []
    band = _quartiles([curve for curve in curves.values() if curve])
    if band is not None:
        marks.append(band)
    top = {trial.number for trial in best}
    first = True
    for trial in drawn:
        if trial.number not in top:
            marks.append(_line(trial, curves, "faint", "other trial" if first else ""))
            first = False
    for trial in reversed(best[1:]):
        if curves[trial.number]:
            label = "next best" if trial is best[1] else ""
            marks.append(_line(trial, curves, "complete", label))
    if best and curves[best[0].number]:
        marks.append(_line(best[0], curves, "best", f"best, trial {best[0].number}"))
    return marks


def _line(trial: TrialRecord, curves: Mapping[int, Curve], style: str, label: str) -> Line:
    curve = curves[trial.number]
    return Line(style, tuple(map(float, curve)), tuple(curve.values()), trial.number, label=label)


def _quartiles(curves: Sequence[Curve]) -> Band | None:
    if len(curves) < _FEWEST_FOR_BAND:
        return None
    by_step: dict[int, list[float]] = {}
    for curve in curves:
        for step, value in curve.items():
            by_step.setdefault(step, []).append(value)
    steps = [step for step in sorted(by_step) if len(by_step[step]) >= _FEWEST_FOR_BAND]
    if len(steps) < 2:
        return None
    quartiles = [quantiles_of(by_step[step], [0.25, 0.75]) for step in steps]
    low, high = (tuple(pair[end] for pair in quartiles) for end in (0, 1))
    return Band("area", tuple(map(float, steps)), low, high, label="middle half of all trials at each step")


def _description(metric: str, curves: Mapping[int, Curve], best: Sequence[TrialRecord], shown: int) -> str:
    text = f"{metric} by step of {shown} trials."
    if best and curves[best[0].number]:
        curve = curves[best[0].number]
        first, last = next(iter(curve.values())), list(curve.values())[-1]
        text += (
            f" The best trial, {best[0].number}, goes from {number_text(first)} to {number_text(last)}"
            f" in {len(curve)} steps."
        )
    return text
