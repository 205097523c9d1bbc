"""The names that are derived from a run, and the meaning of its final status."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.backends.backend import RenderOptions
from morphogenetic_engine.backends.katib.render.experiment_options import experiment_name as checked_name
from morphogenetic_engine.steps.pipeline_run import PipelineRun, RunEnd, RunOutcome, experiment_name
from tests.steps.conftest import parsed

RUN = "6d547fbf-8f5f-4e84-a56c-db95091a3abe"


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("SUCCEEDED", RunOutcome.SUCCEEDED),
        ("COMPLETE", RunOutcome.SUCCEEDED),
        ("CACHED", RunOutcome.SUCCEEDED),
        ("FAILED", RunOutcome.FAILED),
        ("RUNNING", RunOutcome.STOPPED),
        ("CANCELED", RunOutcome.STOPPED),
        ("UNKNOWN", RunOutcome.STOPPED),
    ],
)
def test_a_final_status_is_that_of_ml_metadata(state: str, outcome: RunOutcome) -> None:
    assert RunEnd(PipelineRun(RUN, "toy", ""), state, "").outcome is outcome


def test_an_experiment_is_named_after_the_file_and_the_run() -> None:
    assert experiment_name("Spirals_v2", RUN) == "spirals-v2-6d547fbf"
    assert experiment_name("8 moons", RUN) == "sweep-8-moons-6d547fbf"


@given(st.text(), st.uuids())
def test_katib_takes_every_such_name(name: str, run: object) -> None:
    config = parsed("parameters: {x: [1]}")
    options = RenderOptions(name=experiment_name(name, str(run)))
    assert checked_name(config, Path("x.yaml"), options) == experiment_name(name, str(run))


def test_runs_that_are_no_uuids_have_names_of_their_own() -> None:
    assert experiment_name("toy", "run-1") != experiment_name("toy", "run-2")
