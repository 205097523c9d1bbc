"""A sweep in an Optuna storage of the user's: every trial, once, under its own number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.bayesian import OptunaSweepRunner
from morphogenetic_engine.sweeps.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.runner import run_sweep
from morphogenetic_engine.tracking.destinations import publish_all

CONFIG: dict[str, object] = {
    "sweep_type": "bayesian",
    "experiment": {"workload": "toy:quadratic", "seconds": 0.0},
    "parameters": {"x": {"low": 0.0, "high": 1.0}, "kind": ["a", "b"]},
    "execution": {"max_parallel": 2},
    "optimization": {"n_trials": 12, "lookahead": 2},
}


@pytest.mark.parametrize("url", ["sqlite:///optuna.db", "journal:///{place}/optuna.log"])
def test_the_runner_leaves_a_study_with_every_trial(workplace: Path, url: str) -> None:
    runner = OptunaSweepRunner("mine", storage_url=url.format(place=workplace))
    result = runner.run_sweep(CONFIG)
    assert len(result.trials) == 12
    study = optuna.load_study(study_name="mine", storage=_storage(url, workplace))
    assert [trial.number for trial in study.trials] == list(range(12))
    assert all(trial.state is TrialState.COMPLETE for trial in study.trials)
    assert [trial.params for trial in study.trials] == [
        {name: record.params[name] for name in ("x", "kind")} for record in result.trials
    ]
    assert result.best is not None and study.best_trial.number == result.best.number
    assert study.trials[0].intermediate_values.keys() == {0, 1, 2}


def test_the_runner_goes_on_with_a_sweep_and_refuses_another_one(workplace: Path) -> None:
    runner = OptunaSweepRunner("mine")
    assert len(runner.run_sweep(CONFIG, n_trials=5).trials) == 5
    assert len(runner.run_sweep(CONFIG, n_trials=8).trials) == 8
    with pytest.raises(SweepError, match="a resumed sweep keeps its search"):
        runner.run_sweep({**CONFIG, "parameters": {"x": {"low": 0.0, "high": 2.0}}})
    assert (workplace / "results/sweeps/mine/journal.jsonl").exists()


def test_publish_sends_what_a_storage_lacks_once(start: Callable[[str], SweepFolder], workplace: Path) -> None:
    folder = start("""
experiment: {workload: "toy:moody"}
parameters: {mood: [fine, raise, prune]}
optimization: {storage: "sqlite:///optuna.db"}
""")
    run_sweep(folder)  # the run loop alone follows nothing: the storage has no study yet
    assert len(list(publish_all(folder, uri=None))) == 1
    list(publish_all(folder, uri=None))
    study = optuna.load_study(study_name=folder.sweep_id, storage=f"sqlite:///{workplace}/optuna.db")
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED]
    assert len(read_result(folder).trials) == 3


def _storage(url: str, place: Path) -> str | optuna.storages.JournalStorage:
    if url.startswith("journal"):
        return optuna.storages.JournalStorage(JournalFileBackend(str(place / "optuna.log")))
    return f"sqlite:///{place}/optuna.db"
