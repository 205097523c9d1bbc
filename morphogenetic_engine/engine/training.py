"""The engine as a workload: `train(params, trial) -> metrics`."""

from __future__ import annotations

from morphogenetic_engine.engine.checkpoints.predictions import example, predictions, predictor
from morphogenetic_engine.engine.device import torch_threads
from morphogenetic_engine.engine.fused.train_many import most, train_many
from morphogenetic_engine.engine.run import CHANGEABLE
from morphogenetic_engine.engine.settings import PARAMETERS, TrainingSettings
from morphogenetic_engine.engine.trained_run import TrainedRun, seed_of
from morphogenetic_engine.trial import Metrics, Params, SavedModels, Trial, declare

EPOCH_METRICS = frozenset({"train_loss", "val_loss", "val_acc", "best_acc", "seeds_active"})
"""The metrics that every epoch reports."""

METRICS = EPOCH_METRICS | {"final_acc", "test_acc", "runtime", "accuracy_dip", "recovery_time"}
"""The metrics that `train` returns."""


def _check(params: Params) -> None:
    TrainingSettings.from_params(params)


@declare(
    parameters=PARAMETERS,
    metrics=METRICS,
    check=_check,
    changeable=CHANGEABLE,
    models=SavedModels(predictions, predictor, example),
    fused=train_many,
    most=most,
)
def train(params: Params, trial: Trial) -> Metrics:
    """Trains a network that grows, and returns its metrics.

    Reported after each epoch, counted from 0 over warm-up and adaptation, and returned as of the last:
        train_loss: mean cross-entropy over the steps of the last epoch in which the network learnt the task.
        val_loss, val_acc: mean cross-entropy and accuracy of the epoch's network on the validation split.
        best_acc: highest val_acc so far.
        seeds_active: seeds that are blended in fully.
    Returned besides:
        final_acc: val_acc of the final network.
        test_acc: its accuracy on the test split, which is used for nothing else.
        runtime: seconds, those before an interruption included.
        accuracy_dip: mean over the germinations of how far val_acc fell below its value at the germination.
        recovery_time: mean number of epochs until it was back; see `recovery.Recovery` for the exact terms.
        The last two are 0.0 when nothing germinated.

    Equal parameters, seed and device give equal metrics to the last bit, `runtime` aside, whether or not the run was
    interrupted and continued from a checkpoint in `trial.dir`.

    Raises:
        ConfigError: a parameter is wrong, or names a GPU that is not there.
        Pruned, Paused: passed through from `trial.report`; a paused run goes on where it paused.
        TrialFailed: a metric is no longer finite: the training diverged.
        StoreError: a file could not be written.
    """
    settings = TrainingSettings.from_params(params)
    with torch_threads(settings.threads):
        training = TrainedRun(settings, seed_of(settings, params, trial), trial)
        while not training.is_trained:
            training.run.next_epoch()
            training.report()
        return training.finish()
