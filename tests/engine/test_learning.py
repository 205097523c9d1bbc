"""The engine learns: growth helps a trunk that is too small, and results on real data sets match those of others."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from statistics import mean

import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from morphogenetic_engine.engine.data.dataset import prepare
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.trial import Metrics, Params

RunTrial = Callable[..., tuple[Metrics, list[dict[str, float]]]]
SEEDS = range(5)


@pytest.mark.slow
def test_germination_raises_accuracy_over_the_frozen_trunk_alone(run_trial: RunTrial) -> None:
    params: Params = {
        "n_samples": 800,
        "rotations": 2.0,
        "hidden_dim": 16,
        "num_layers": 1,
        "lr": 0.02,
        "warm_up_epochs": 15,
        "adaptation_epochs": 80,
        "patience": 5,
        "save_model": False,
    }
    gains = []
    for seed in SEEDS:
        frozen, frozen_reports = run_trial({**params, "seed": seed, "seeds_per_layer": 0})
        grown, grown_reports = run_trial({**params, "seed": seed, "seeds_per_layer": 1})
        assert frozen_reports[:15] == grown_reports[:15]
        gains.append(grown["val_acc"] - frozen["val_acc"])
    assert min(gains) > 0.0
    assert mean(gains) > 0.15


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "wine", "breast_cancer"])
def test_data_sets_are_learnt_as_well_as_by_scikit_learn(run_trial: RunTrial, name: str) -> None:
    params: Params = {
        "problem_type": name,
        "hidden_dim": 32,
        "num_layers": 1,
        "train_frac": 0.6,
        "warm_up_epochs": 15,
        "adaptation_epochs": 20,
        "patience": 5,
        "save_model": False,
    }
    ours = [run_trial({**params, "seed": seed})[0]["test_acc"] for seed in SEEDS]
    theirs = [scikit_learn_accuracy(TrainingSettings.from_params({**params, "seed": seed})) for seed in SEEDS]
    assert mean(ours) >= mean(theirs) - 0.02


def scikit_learn_accuracy(settings: TrainingSettings) -> float:
    data = prepare(make_problem(settings), train_frac=0.6, seed=settings.seed, device=torch.device("cpu"))
    layers = [settings.hidden_dim] * (settings.num_layers + 1)
    classifier = MLPClassifier(layers, random_state=settings.seed, max_iter=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(data.train.x_NF.numpy(), data.train.y_N.numpy())
    return float(classifier.score(data.test.x_NF.numpy(), data.test.y_N.numpy()))
