"""Without learning curves, the figure says why, and how to get them."""

from __future__ import annotations

from dataclasses import replace

from morphogenetic_engine.reports.figures.learning_curves import learning_curves_figure
from morphogenetic_engine.sweeps.record.origin import Origin
from tests.reports.sweeps import sweep, trial


def test_trials_that_report_no_steps_have_no_curves() -> None:
    figure = learning_curves_figure(sweep([trial(0, {"x": 0.5}, 0.7)]))
    assert figure.empty == "The trials report no steps, so there are no curves."


def test_curves_that_stayed_on_a_cluster_are_not_said_to_be_none() -> None:
    here = sweep([trial(0, {"x": 0.5}, 0.7)])
    origin = Origin(delegate="katib", system="Katib", kind="Experiment", name="toy")
    figure = learning_curves_figure(replace(here, info=here.info.model_copy(update={"origin": origin})))
    assert figure.empty.startswith("No curves were collected: ") and "--store" in figure.empty
    assert "SWEEP_TRIAL_SECRET" in figure.empty


def test_curves_are_drawn_where_they_are() -> None:
    figure = learning_curves_figure(sweep([trial(0, {"x": 0.5}, 0.7, curve=(0.1, 0.5, 0.7))]))
    assert figure.empty == "" and len(figure.charts) == 1
