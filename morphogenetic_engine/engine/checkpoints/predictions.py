"""Predictions of a saved network for the validation and test splits, and for other samples."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from morphogenetic_engine.engine.checkpoints.checkpoint import load_model
from morphogenetic_engine.engine.data.dataset import Samples, prepare
from morphogenetic_engine.engine.data.problems import Problem, make_problem
from morphogenetic_engine.engine.evaluation import CHUNK
from morphogenetic_engine.engine.network.network import Network
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.errors import ConfigError, StoreError
from morphogenetic_engine.trial import Params, Predictions, Predictor

EXAMPLE_SAMPLES = 5
MODEL_FILE = "model.pt"
"""The saved network in the folder of its trial."""


def predictions(params: Params, _seed: int, folder: Path) -> Predictions:
    """Returns the class probabilities of a trial's saved network on the CPU; data and split are rebuilt.

    Data and split depend on the parameters only; the trial's seed determines weights and batch order.

    Raises:
        StoreError: the model is missing or incomplete, or belongs to another run.
        ConfigError: a parameter is wrong.
    """
    settings = TrainingSettings.from_params(params)
    model = load_model(folder / MODEL_FILE)
    if model.settings != settings:
        raise StoreError(f"{folder / MODEL_FILE}: belongs to a run with other parameters")
    problem = make_problem(settings)
    data = prepare(problem, train_frac=settings.train_frac, seed=settings.seed, device=torch.device("cpu"))
    return Predictions(
        data=_name_of(problem, settings),
        validation_p_NC=_probabilities(model.network, data.validation.x_NF),
        validation_y_N=_labels(data.validation),
        test_p_NC=_probabilities(model.network, data.test.x_NF),
        test_y_N=_labels(data.test),
    )


def example(folder: Path) -> NDArray[np.float64]:
    """Returns the first samples x_NF of the data that a trial's saved network was trained on.

    Raises:
        StoreError: the model is missing or incomplete, or its data file cannot be read.
        ConfigError: its data file does not hold samples with classes.
    """
    return make_problem(load_model(folder / MODEL_FILE).settings).x_NF[:EXAMPLE_SAMPLES]


def predictor(folder: Path) -> Predictor:
    """Returns a trial's saved network as a function from samples x_NF to class probabilities, on the CPU.

    The function raises ConfigError for samples with another number of features.

    Raises:
        StoreError: the model is missing or incomplete.
    """
    model = load_model(folder / MODEL_FILE)
    features = model.network.shape.features

    def predict(x_NF: NDArray[np.float64], /) -> NDArray[np.float64]:
        if x_NF.ndim != 2 or x_NF.shape[1] != features:
            raise ConfigError(f"x: must be samples of {features} features each, but got the shape {x_NF.shape}")
        return _probabilities(model.network, model.standardisation.apply(torch.tensor(x_NF)))

    return predict


def _probabilities(network: Network, x_NF: Tensor) -> NDArray[np.float64]:
    parts = [network.predict(x_BF).double() for x_BF in torch.split(x_NF, CHUNK)]
    p_NC: NDArray[np.float64] = torch.cat(parts).numpy()
    return p_NC


def _labels(samples: Samples) -> NDArray[np.int64]:
    y_N: NDArray[np.int64] = samples.y_N.numpy()
    return y_N


def _name_of(problem: Problem, settings: TrainingSettings) -> str:
    """Returns an identifier of data and split: the problem type and a digest of all samples and labels."""
    digest = sha256(problem.x_NF.tobytes() + problem.y_N.tobytes())
    digest.update(f"{problem.x_NF.shape} {settings.train_frac} {settings.seed}".encode())
    return f"{settings.problem_type} {digest.hexdigest()[:16]}"
