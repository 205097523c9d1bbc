"""OptunaSweepRunner runs, resumes and shows a sweep, and sends it to all configured destinations."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.sinks.destinations import publish_all
from morphogenetic_engine.sweeps.bayesian import OptunaSweepRunner
from morphogenetic_engine.sweeps.record.folder import SweepFolder

CONFIG: dict[str, object] = {
    "experiment": {"workload": "toy:quadratic"},
    "parameters": {"x": {"type": "float", "low": 0, "high": 1}},
    "execution": {"max_parallel": 1},
    "optimization": {"n_trials": 3},
}

pytestmark = pytest.mark.usefixtures("workplace")


def test_a_second_call_goes_on_and_the_study_has_all_trials() -> None:
    runner = OptunaSweepRunner("mine", storage_url="sqlite:///studies.db")
    assert len(runner.run_sweep(CONFIG, results=Path("results")).trials) == 3
    result = runner.run_sweep(CONFIG, n_trials=5, results=Path("results"))
    assert len(result.trials) == 5 and result.best is not None
    list(publish_all(SweepFolder(Path("results/mine"))))  # what a busy machine did not send in time
    study = runner.study
    assert study is not None
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3, 4]
    assert study.best_value == result.best.metrics["val_acc"]


def test_without_a_storage_there_is_no_study() -> None:
    assert OptunaSweepRunner("mine").study is None
    with pytest.raises(StoreError, match="the study 'mine' cannot be read"):
        assert OptunaSweepRunner("mine", storage_url="sqlite:///none.db").study


def test_another_search_of_the_same_name_is_refused() -> None:
    runner = OptunaSweepRunner("mine")
    runner.run_sweep(CONFIG, results=Path("results"))
    with pytest.raises(SweepError, match="optimization.seed: is 42 in this sweep, but got 1"):
        runner.run_sweep({**CONFIG, "optimization": {"n_trials": 3, "seed": 1}}, results=Path("results"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MLflow's own, of SQLAlchemy
def test_tracking_is_sent_to_mlflow() -> None:
    config = {**CONFIG, "tracking": {"mlflow": True, "mlflow_uri": "sqlite:///mlflow.db"}}
    OptunaSweepRunner("mine").run_sweep(config, results=Path("results"))
    folder = SweepFolder(Path("results/mine"))
    assert (folder.path / "tracking.log").exists()  # the process that follows the journal ran beside the sweep
    list(publish_all(folder))  # what a busy machine did not send in time
    with sqlite3.connect("mlflow.db") as database:
        runs = database.execute("select count(*) from runs").fetchone()
    assert runs == (4,)  # the sweep, and each of its trials
