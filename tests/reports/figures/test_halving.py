"""Figures of a halving also show the trials that it stopped."""

from __future__ import annotations

from dataclasses import replace

from morphogenetic_engine.reports.analysis.slices import slices_of
from morphogenetic_engine.reports.drawing.charts import Chart, Figure, ParallelChart, Points
from morphogenetic_engine.reports.figures.level import rank_key, trial_levels
from morphogenetic_engine.reports.figures.pairs import contours_figure, ranks_figure
from morphogenetic_engine.reports.figures.parallel import parallel_figure
from morphogenetic_engine.reports.figures.slices import slices_figure
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.halvings import halving, stopped


def some_halving() -> SweepResult:
    stopped_first = [stopped(number, number / 10, x=number / 10) for number in range(10)]
    went_on = [stopped(10 + number, 0.9, number / 10, x=number / 5) for number in range(4)]
    complete = [stopped(14, 0.9, 0.9, complete=0.1, x=0.4), stopped(15, 1.0, 1.0, complete=1.0)]
    trials = [*stopped_first, *went_on, *complete]
    return halving([replace(each, params={**each.params, "y": each.number / 16}) for each in trials])


HALVING = some_halving()


def drawn(figure: Figure) -> set[int]:
    (chart,) = figure.charts
    assert isinstance(chart, Chart)
    return {number for mark in chart.marks if isinstance(mark, Points) for number in mark.trials}


def test_trials_are_coloured_by_the_rung_they_reached_then_by_their_objective_there() -> None:
    levels = trial_levels(HALVING)
    assert [levels[number] for number in range(16)] == sorted(levels.values())  # they were made the worst first
    assert (levels[0], levels[15], rank_key(HALVING).worst) == (0, 6, "stopped first")


def test_pairs_show_every_trial() -> None:
    assert drawn(ranks_figure(HALVING, ["x", "y"])) == set(range(16))
    assert drawn(contours_figure(HALVING, ["x", "y"])) == set(range(16))


def test_lines_of_stopped_trials_end_at_the_objective_of_their_last_rung() -> None:
    (chart,) = parallel_figure(HALVING, ["x"]).charts
    assert isinstance(chart, ParallelChart)
    ends = {thread.trial: thread.values[-1] for thread in chart.threads}
    assert ends == {**{n: n / 10 for n in range(10)}, **{10 + n: n / 10 for n in range(4)}, 14: 0.1, 15: 1.0}
    assert [thread.trial for thread in chart.threads] == [*range(16)]  # the best is drawn last


def test_slices_show_stopped_trials_along_the_lower_edge() -> None:
    figure = slices_figure(HALVING, slices_of(HALVING), ["x"])
    assert drawn(figure) == set(range(16))
    (chart,) = figure.charts
    assert isinstance(chart, Chart)
    (ticks,) = [mark for mark in chart.marks if isinstance(mark, Points) and mark.style == "pruned"]
    assert set(ticks.trials) == set(range(14)) and len(set(ticks.y)) == 1
