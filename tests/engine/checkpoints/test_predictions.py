"""A saved network's predictions are those of the trained one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from morphogenetic_engine.engine.checkpoints.predictions import predictions, predictor
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.engine.training import train
from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.trial import Metrics, Params, declaration_of

RunTrial = Callable[..., tuple[Metrics, list[dict[str, float]]]]
TINY: Params = {
    "problem_type": "moons",
    "n_samples": 120,
    "hidden_dim": 8,
    "num_layers": 1,
    "warm_up_epochs": 4,
    "adaptation_epochs": 2,
}


def test_the_accuracies_of_the_predictions_are_those_that_the_trial_reported(
    run_trial: RunTrial, tmp_path: Path
) -> None:
    metrics, _ = run_trial(TINY, seed=5, folder=tmp_path)
    found = predictions(TINY, 5, tmp_path)
    assert np.mean(found.validation_p_NC.argmax(axis=1) == found.validation_y_N) == pytest.approx(metrics["val_acc"])
    assert np.mean(found.test_p_NC.argmax(axis=1) == found.test_y_N) == pytest.approx(metrics["test_acc"])
    assert found.validation_p_NC.shape == (len(found.validation_y_N), 2)
    assert np.allclose(found.test_p_NC.sum(axis=1), 1)


def test_trials_of_different_seeds_predict_the_same_samples(run_trial: RunTrial, tmp_path: Path) -> None:
    found = []
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        run_trial(TINY, seed=seed, folder=tmp_path / str(seed))
        found.append(predictions(TINY, seed, tmp_path / str(seed)))
    assert found[0].data == found[1].data
    assert np.array_equal(found[0].validation_y_N, found[1].validation_y_N)
    assert not np.array_equal(found[0].validation_p_NC, found[1].validation_p_NC)


@pytest.mark.parametrize(
    "change", [{"problem_type": "spirals"}, {"moon_noise": 0.2}, {"seed": 7}, {"train_frac": 0.6}, {"input_dim": 4}]
)
def test_other_data_or_another_split_has_another_name(run_trial: RunTrial, tmp_path: Path, change: Params) -> None:
    names = []
    for place, params in (("one", TINY), ("other", {**TINY, **change})):
        (tmp_path / place).mkdir()
        run_trial(params, folder=tmp_path / place)
        names.append(predictions(params, 0, tmp_path / place).data)
    assert names[0] != names[1]


def test_the_predictor_takes_samples_as_they_are_in_the_data(run_trial: RunTrial, tmp_path: Path) -> None:
    metrics, _ = run_trial(TINY, folder=tmp_path)
    problem = make_problem(TrainingSettings.from_params(TINY))
    p_NC = predictor(tmp_path)(problem.x_NF)
    assert p_NC.shape == (120, 2) and p_NC.dtype == np.float64
    accuracy = np.mean(p_NC.argmax(axis=1) == problem.y_N)
    assert abs(accuracy - metrics["val_acc"]) < 0.2


def test_samples_with_other_features_are_refused(run_trial: RunTrial, tmp_path: Path) -> None:
    run_trial(TINY, folder=tmp_path)
    with pytest.raises(ConfigError, match=r"^x: must be samples of 3 features each, but got the shape \(4, 2\)$"):
        predictor(tmp_path)(np.zeros((4, 2)))


def test_a_folder_without_a_model_is_an_error_that_names_it(tmp_path: Path) -> None:
    for use in (lambda: predictions(TINY, 0, tmp_path), lambda: predictor(tmp_path)):
        with pytest.raises(StoreError, match=r"model\.pt: cannot be read"):
            use()


def test_a_model_of_another_run_is_refused(run_trial: RunTrial, tmp_path: Path) -> None:
    run_trial(TINY, folder=tmp_path)
    with pytest.raises(StoreError, match="belongs to a run with other parameters"):
        predictions({**TINY, "lr": 0.1}, 0, tmp_path)


def test_the_workload_declares_its_models() -> None:
    models = declaration_of(train).models
    assert models is not None
    assert (models.predictions, models.predictor) == (predictions, predictor)
