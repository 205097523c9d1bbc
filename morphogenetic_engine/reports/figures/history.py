"""The history figure: the objective by trial number, and the best so far."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import Axis, Chart, Figure, Line, Mark, Points, Rule, Shape
from morphogenetic_engine.reports.drawing.number_text import number_text
from morphogenetic_engine.reports.drawing.scales import CategoryScale, fitted
from morphogenetic_engine.reports.figures.sampling import left_out, thinned
from morphogenetic_engine.reports.figures.scales_of_sweep import objective_axis
from morphogenetic_engine.sweeps.confirm.confirmation import baseline_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

_MOST = 1500
_KEPT = 50


def history_figure(result: SweepResult) -> Figure:
    """Returns the history of the (first) objective."""
    objective = result.config.optimization.all_objectives[0]
    complete = list(result.complete)
    caption = "Each mark is a trial; the line is the best objective so far, which more trials could still improve."
    if not complete:
        return Figure(
            "history", "History", caption, (), empty="No trial is complete, so there is no objective to show."
        )
    steps = _running_best(result)
    drawn = thinned(complete, _MOST, keep={trial.number for trial in [*result.ranked[:_KEPT], *steps]})
    y = objective_axis(objective, [trial.metrics[objective.metric] for trial in complete])
    last = max(trial.number for trial in result.trials)
    x = Axis("trial", "number", fitted([0, last], whole=True))
    chart = Chart(
        f"History of {objective.metric}",
        _description(result, steps),
        x,
        y,
        tuple(_marks(result, drawn, steps, y, last)),
        width=1100,
        height=340,
    )
    return Figure("history", "History", caption, (chart,), left_out=left_out(len(drawn), len(complete)))


def _marks(
    result: SweepResult, drawn: Sequence[TrialRecord], steps: Sequence[TrialRecord], y: Axis, last: int
) -> list[Mark]:
    metric = result.config.optimization.target_metric
    best, baseline = result.best, baseline_of(result)
    others = [trial for trial in drawn if trial is not best and trial.number not in result.ruled_out]
    ruled_out = [trial for trial in drawn if trial.number in result.ruled_out]
    marks: list[Mark] = [_points("complete", others, metric, label="complete trial")]
    if ruled_out:
        marks.append(_points("pruned", ruled_out, metric, label="ruled out by outcome constraints", shape="cross"))
    marks.extend(_unfinished(result, y))
    if baseline is not None and baseline.state is TrialState.COMPLETE:
        value = baseline.metrics[metric]
        marks.append(Rule("baseline", value, f"baseline, trial {baseline.number}: {number_text(value)}"))
    path = [(float(trial.number), trial.metrics[metric]) for trial in steps]
    if path:
        path.append((float(last), path[-1][1]))
        xs, ys = tuple(x for x, _ in path), tuple(y for _, y in path)
        marks.append(Line("best", xs, ys, stepped=True, label="best so far"))
    if best is not None:
        label = f"best, trial {best.number}: {number_text(best.metrics[metric])}"
        marks.append(_points("best", [best], metric, label=label, shape="diamond"))
    return marks


def _unfinished(result: SweepResult, y: Axis) -> list[Mark]:
    """Returns the trials without an objective, along the lower edge."""
    floor = 0.0 if isinstance(y.scale, CategoryScale) else y.scale.low
    shapes: dict[TrialState, Shape] = {TrialState.PRUNED: "tick", TrialState.FAILED: "cross"}
    marks: list[Mark] = []
    for state, shape in shapes.items():
        those = thinned([trial for trial in result.trials if trial.state is state], _MOST // 3)
        numbers = tuple(trial.number for trial in those)
        label = f"{state} (no final objective: along the lower edge)" if those else ""
        marks.append(Points(state.value, tuple(map(float, numbers)), (floor,) * len(numbers), numbers, shape, label))
    return marks


def _points(style: str, trials: Sequence[TrialRecord], metric: str, *, label: str, shape: Shape = "dot") -> Points:
    return Points(
        style,
        tuple(float(trial.number) for trial in trials),
        tuple(trial.metrics[metric] for trial in trials),
        tuple(trial.number for trial in trials),
        shape,
        label if trials else "",
    )


def _running_best(result: SweepResult) -> list[TrialRecord]:
    metric, direction = result.config.optimization.target_metric, result.config.optimization.direction
    steps: list[TrialRecord] = []
    for trial in result.feasible:
        if not steps or direction.better(trial.metrics[metric], steps[-1].metrics[metric]):
            steps.append(trial)
    return steps


def _description(result: SweepResult, steps: Sequence[TrialRecord]) -> str:
    metric = result.config.optimization.target_metric
    if not steps:
        return f"{metric} of {result.counts[TrialState.COMPLETE]} complete trials by trial number; none is feasible."
    first, last = steps[0], steps[-1]
    return (
        f"{metric} of {result.counts[TrialState.COMPLETE]} complete trials by trial number. The best so far begins at "
        f"{number_text(first.metrics[metric])} with trial {first.number} and ends at "
        f"{number_text(last.metrics[metric])} with trial {last.number}, after {len(steps) - 1} improvements."
    )
