"""The parallel-coordinates figure: a line for each trial across all parameters and objectives."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.reports.drawing.charts import Figure, ParallelChart, Thread
from morphogenetic_engine.reports.figures.level import (
    level_style,
    ordered_trials,
    rank_key,
    stopped_note,
    trial_levels,
)
from morphogenetic_engine.reports.figures.sampling import left_out, thinned
from morphogenetic_engine.reports.figures.scales_of_sweep import objective_axis, parameter_axis
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult

_MOST = 200
_KEPT = 30
MOST_AXES = 12
_CAPTION = (
    "Each line is a trial across its parameters to its objective, coloured by rank. A line passes below an axis where"
    " the trial does not have that parameter."
)


def parallel_figure(result: SweepResult, order: Sequence[str]) -> Figure:
    """Returns the parallel coordinates of the ranked trials; `order` has the most important parameter first."""
    heading = "Parallel coordinates"
    if not result.in_order:
        empty = "No trial is complete, so there is no line to draw."
        return Figure("parallel", heading, _CAPTION, (), empty=empty)
    ranked = ordered_trials(result)
    drawn = thinned(ranked, _MOST, keep={trial.number for trial in result.ranked[:_KEPT]})
    place = {trial.number: index for index, trial in enumerate(ranked)}
    drawn.sort(key=lambda trial: -place[trial.number])  # draw the best on top
    objectives = result.config.optimization.all_objectives
    names = order[: max(1, MOST_AXES - len(objectives))]
    parameters = [parameter_axis(name, result.config.space.axes[name], drawn) for name in names]
    levels = trial_levels(result)
    threads = tuple(
        Thread(
            trial.number,
            (*(axis.values[index] for axis in parameters), *(_latest(trial, each.metric) for each in objectives)),
            level_style(levels[trial.number]),
        )
        for index, trial in enumerate(drawn)
    )
    axes = (
        *(axis.axis for axis in parameters),
        *(objective_axis(each, _known(ranked, each.metric)) for each in objectives),
    )
    description = (
        f"{len(ranked)} trials across {len(axes)} axes: {', '.join(axis.title for axis in axes)}."
        " The trial table has the same values in text."
    )
    chart = ParallelChart("Parallel coordinates", description, axes, threads, key=rank_key(result))
    notes = [left_out(len(drawn), len(ranked))]
    if len(names) < len(order):
        notes.append(f"The {len(names)} most important of {len(order)} parameters are shown.")
    caption = f"{_CAPTION}{stopped_note(result)}"
    return Figure("parallel", heading, caption, (chart,), left_out=" ".join(filter(None, notes)))


def _latest(trial: TrialRecord, metric: str) -> float | None:
    """Returns an objective of a trial; if it was stopped, that of its last rung."""
    known = trial.metrics if trial.state is TrialState.COMPLETE else trial.pauses[-1].metrics
    return known.get(metric)


def _known(trials: Sequence[TrialRecord], metric: str) -> list[float]:
    return [value for trial in trials if (value := _latest(trial, metric)) is not None]
