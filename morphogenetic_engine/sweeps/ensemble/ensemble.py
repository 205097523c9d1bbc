"""The ensemble of a sweep: chosen on the validation split, checked on the test split, saved beside the trials."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.sweeps.ensemble.diversity import diversity, mcnemar_p
from morphogenetic_engine.sweeps.ensemble.ensemble_file import (
    EnsembleInfo,
    Member,
    SplitCheck,
    read_ensemble,
    write_ensemble,
)
from morphogenetic_engine.sweeps.ensemble.model_library import Library, read_library, saved_models
from morphogenetic_engine.sweeps.ensemble.selection import (
    Labels,
    Probabilities,
    correct,
    greedy_selection,
    mixed,
    score,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.trial import Predictor


class Ensemble:
    """A saved ensemble, ready to predict."""

    def __init__(self, info: EnsembleInfo, predictors: list[Predictor]) -> None:
        self.info = info
        self._predictors = predictors

    def predict(self, x_NF: NDArray[np.float64]) -> Probabilities:
        """Returns the probability of each class, p_NC, for samples as they are in the data.

        Raises:
            ConfigError: the samples do not fit the models.
        """
        p_MNC = np.stack([predict(x_NF) for predict in self._predictors])
        return mixed(p_MNC, {place: member.weight for place, member in enumerate(self.info.members)})


def build_ensemble(folder: SweepFolder, size: int) -> EnsembleInfo:
    """Chooses an ensemble of at most `size` picks from the sweep's saved models, checks it, saves it, and returns it.

    Raises:
        WorkloadError: the workload cannot be imported, or does not say how its models are used.
        SweepError: no trial has a saved model, or the folder is damaged.
        ConfigError: the models predict different samples.
        StoreError: the ensemble cannot be written.
    """
    result = read_result(folder, keep_curves=False)
    library = read_library(folder, result, saved_models(result.info))
    info = chosen(folder.sweep_id, library, size)
    write_ensemble(folder, info)
    return info


def load_ensemble(folder: Path) -> Ensemble:
    """Returns the ensemble of the sweep in this folder.

    Raises:
        SweepError: there is none, or it is damaged or of a newer format.
        WorkloadError: the workload cannot be imported, or does not say how its models are used.
        StoreError: a member's model is gone or damaged.
    """
    sweep = SweepFolder(folder)
    info = read_ensemble(sweep)
    models = saved_models(sweep.read_info())
    return Ensemble(info, [models.predictor(folder / member.folder) for member in info.members])


def chosen(sweep_id: str, library: Library, size: int) -> EnsembleInfo:
    """Selects the ensemble on the validation split, and returns it with its scores on both splits."""
    predictions = [model.predictions for model in library.models]
    validation_p_MNC = np.stack([each.validation_p_NC for each in predictions])
    test_p_MNC = np.stack([each.test_p_NC for each in predictions])
    validation_y_N, test_y_N = predictions[0].validation_y_N, predictions[0].test_y_N
    selection = greedy_selection(validation_p_MNC, validation_y_N, size)
    best, weights = selection.picks[0], selection.weights
    difference = diversity([test_p_MNC[model].argmax(axis=1) for model in weights], test_y_N)
    members = [
        Member(
            trial=library.models[model].trial,
            replicate=library.models[model].replicate,
            weight=weight,
            folder=library.models[model].folder,
            validation_accuracy=score(validation_p_MNC[model], validation_y_N).accuracy,
            test_accuracy=score(test_p_MNC[model], test_y_N).accuracy,
        )
        for model, weight in weights.items()
    ]
    return EnsembleInfo(
        sweep_id=sweep_id,
        data=predictions[0].data,
        models=len(library.models),
        left_out=dict(library.left_out),
        members=tuple(members),
        best_single=library.models[best].trial,
        validation=_checked(mixed(validation_p_MNC, weights), validation_p_MNC[best], validation_y_N),
        test=_checked(mixed(test_p_MNC, weights), test_p_MNC[best], test_y_N),
        disagreement=difference.disagreement,
        q_statistic=difference.q_statistic,
    )


def _checked(ensemble_p_NC: Probabilities, single_p_NC: Probabilities, y_N: Labels) -> SplitCheck:
    """Returns the scores of the ensemble and of the best single model on one split."""
    ensemble_N, single_N = correct(ensemble_p_NC, y_N), correct(single_p_NC, y_N)
    gained, lost = int(np.sum(ensemble_N & ~single_N)), int(np.sum(~ensemble_N & single_N))
    return SplitCheck(
        samples=len(y_N),
        ensemble=float(np.mean(ensemble_N)),
        best_single=float(np.mean(single_N)),
        gained=gained,
        lost=lost,
        p_value=mcnemar_p(gained, lost),
    )
