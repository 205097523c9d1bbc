"""Ensembles of real sweeps of the engine: selected, evaluated, saved, loaded, and refused if impossible."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from morphogenetic_engine.engine.checkpoints.predictions import predictor
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.errors import ConfigError, StoreError, SweepError, WorkloadError
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.ensemble.ensemble import build_ensemble, chosen, load_ensemble
from morphogenetic_engine.sweeps.ensemble.model_library import Library, Model
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from morphogenetic_engine.trial import Params, Predictions

Start = Callable[[str], SweepFolder]

GIVEN: Params = {
    "problem_type": "moons",
    "n_samples": 120,
    "moon_noise": 0.4,
    "num_layers": 1,
    "warm_up_epochs": 3,
    "adaptation_epochs": 1,
}
SWEEP = f"""
experiment: {json.dumps(dict(GIVEN))}
parameters: {{lr: [1e-4, 1e-2], hidden_dim: [4, 16]}}
execution: {{max_parallel: 1}}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    """The sweep that the tests have copies of."""
    place = tmp_path_factory.mktemp("trained")
    (place / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    folder = start_sweep(read_config(place / "sweep.yaml"), results=place / "results", sweep_id="trained")
    run_sweep(folder)
    return folder


@pytest.fixture
def folder(trained: SweepFolder, tmp_path: Path) -> SweepFolder:
    return SweepFolder(Path(shutil.copytree(trained.path, tmp_path / "trained")))


def test_the_ensemble_is_at_least_as_good_as_the_best_model_on_the_split_that_chose_it(folder: SweepFolder) -> None:
    info = build_ensemble(folder, 5)
    trials = {trial.number: trial.metrics for trial in read_result(folder).trials}
    best = trials[info.best_single]
    assert best["val_acc"] == max(metrics["val_acc"] for metrics in trials.values())
    assert info.validation.ensemble >= info.validation.best_single == pytest.approx(best["val_acc"])
    assert info.test.best_single == pytest.approx(best["test_acc"])
    assert (info.models, info.left_out, info.validation.samples, info.test.samples) == (4, {}, 18, 18)
    for member in info.members:
        assert member.validation_accuracy == pytest.approx(trials[member.trial]["val_acc"])
        assert member.test_accuracy == pytest.approx(trials[member.trial]["test_acc"])
    assert sum(member.weight for member in info.members) == pytest.approx(1)


def test_a_saved_ensemble_predicts_the_weighted_mean_of_its_members(folder: SweepFolder) -> None:
    info = build_ensemble(folder, 5)
    x_NF = make_problem(TrainingSettings.from_params(GIVEN)).x_NF
    ensemble = load_ensemble(folder.path)
    expected = sum(member.weight * predictor(folder.path / member.folder)(x_NF) for member in info.members)
    assert ensemble.info == info
    assert np.allclose(ensemble.predict(x_NF), expected)
    assert ensemble.predict(x_NF).shape == (120, 2)


def test_a_moved_sweep_keeps_its_ensemble(folder: SweepFolder, tmp_path: Path) -> None:
    build_ensemble(folder, 2)
    moved = folder.path.rename(tmp_path / "elsewhere")
    assert load_ensemble(moved).predict(np.zeros((1, 3))).shape == (1, 2)


def test_the_file_says_its_format_and_a_newer_one_is_refused(folder: SweepFolder) -> None:
    build_ensemble(folder, 2)
    written = json.loads(folder.ensemble.read_text(encoding="utf-8"))
    assert written["format"] == 1
    folder.ensemble.write_text(json.dumps({**written, "format": 2}), encoding="utf-8")
    with pytest.raises(SweepError, match="is of format 2, but this version reads up to 1"):
        load_ensemble(folder.path)
    folder.ensemble.write_text("{", encoding="utf-8")
    with pytest.raises(SweepError, match="is damaged"):
        load_ensemble(folder.path)


def test_trials_without_a_whole_model_are_left_out_and_told(folder: SweepFolder) -> None:
    (folder.trial(0) / "model.pt").unlink()
    (folder.trial(1) / "model.pt").write_bytes(b"half of a mod")
    info = build_ensemble(folder, 3)
    assert info.models == 2
    assert list(info.left_out) == ["trials/0", "trials/1"]
    assert "cannot be read" in info.left_out["trials/0"] and "is damaged" in info.left_out["trials/1"]
    assert not {member.trial for member in info.members} & {0, 1}


@pytest.mark.slow
def test_each_replicate_is_a_model_of_its_own(start: Start) -> None:
    text = SWEEP.replace('"moons"', '"moons", "replicates": 2').replace("lr: [1e-4, 1e-2], hidden_dim", "hidden_dim")
    folder = start(text)
    run_sweep(folder)
    info = build_ensemble(folder, 3)
    assert info.models == 4
    assert all(member.folder == f"trials/{member.trial}/replicate_{member.replicate}" for member in info.members)


@pytest.mark.slow
def test_models_of_different_problems_cannot_be_mixed(start: Start) -> None:
    folder = start(SWEEP.replace('"problem_type": "moons"', '"problem_type": ["moons", "spirals"]'))
    run_sweep(folder)
    message = rf"^sweep {folder.sweep_id}: trials 0 and 4 have different data or splits \(moons \w+, spirals \w+\)"
    with pytest.raises(ConfigError, match=message):
        build_ensemble(folder, 3)


@pytest.mark.slow
def test_a_sweep_that_saved_no_models_has_no_ensemble(start: Start) -> None:
    folder = start(SWEEP.replace('"moons"', '"moons", "save_model": false'))
    run_sweep(folder)
    with pytest.raises(SweepError, match=rf"^sweep {folder.sweep_id}: has no saved model: .*cannot be read"):
        build_ensemble(folder, 3)
    with pytest.raises(SweepError, match="there is no ensemble yet; make one with `sweep ensemble`"):
        load_ensemble(folder.path)


def test_a_workload_that_declares_no_models_cannot_be_used(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "toy", raising=False)
    folder = start('experiment: {workload: "toy:nothing", x: 1}')
    run_sweep(folder)
    path = list(sys.path)
    with pytest.raises(WorkloadError, match=r"experiment\.workload: toy:nothing does not say how its models are used"):
        build_ensemble(folder, 3)
    assert sys.path == path
    program = start('experiment: {command: [echo, "val_acc=1"]}')
    with pytest.raises(WorkloadError, match=r"experiment\.command: a program cannot say how"):
        build_ensemble(program, 3)


def test_a_member_whose_model_is_gone_is_an_error_when_the_ensemble_is_loaded(folder: SweepFolder) -> None:
    member = build_ensemble(folder, 1).members[0]
    (folder.path / member.folder / "model.pt").unlink()
    with pytest.raises(StoreError, match=r"model\.pt: cannot be read"):
        load_ensemble(folder.path)


def _model(trial: int, validation: list[float], test: list[float]) -> Model:
    """A model that gives class 1 these probabilities; the classes are 1 everywhere."""
    splits = [np.array([[1 - each, each] for each in split]) for split in (validation, test)]
    truth = [np.ones(len(split), dtype=np.int64) for split in splits]
    return Model(trial, None, f"trials/{trial}", Predictions("data", splits[0], truth[0], splits[1], truth[1]))


def test_what_an_ensemble_gains_and_loses_is_counted_by_sample() -> None:
    one = _model(4, [0.9, 0.9, 0.9, 0.2], [0.9, 0.4, 0.4, 0.4, 0.6])
    other = _model(7, [0.9, 0.6, 0.3, 0.9], [0.9, 0.9, 0.9, 0.1, 0.3])
    found = chosen("one", Library((_model(2, [0.1] * 4, [0.1] * 5), other, one), {"trials/9": "gone"}), 2)
    assert (found.sweep_id, found.data, found.models, found.left_out) == ("one", "data", 3, {"trials/9": "gone"})
    assert [(each.trial, each.folder, each.weight) for each in found.members] == [
        (4, "trials/4", 0.5),
        (7, "trials/7", 0.5),
    ]
    assert [(each.validation_accuracy, each.test_accuracy) for each in found.members] == [(0.75, 0.4), (0.75, 0.6)]
    assert found.best_single == 4
    validation, test = found.validation, found.test
    assert (validation.samples, validation.ensemble, validation.best_single) == (4, 1.0, 0.75)
    assert (validation.gained, validation.lost, validation.p_value) == (1, 0, 1.0)
    assert (test.samples, test.ensemble, test.best_single) == (5, 0.6, 0.4)
    assert (test.gained, test.lost, test.p_value) == (2, 1, 1.0)
    assert found.disagreement == pytest.approx(3 / 5)
