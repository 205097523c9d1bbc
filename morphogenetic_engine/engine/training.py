"""The engine as a workload: `train(params, trial) -> metrics`."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from morphogenetic_engine.engine.checkpoints.checkpoint import load_checkpoint, save_checkpoint, save_model
from morphogenetic_engine.engine.checkpoints.predictions import MODEL_FILE, example, predictions, predictor
from morphogenetic_engine.engine.data.dataset import prepare
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.device import resolve_device, torch_threads
from morphogenetic_engine.engine.evaluation import score
from morphogenetic_engine.engine.network.network import SeedState
from morphogenetic_engine.engine.network.recovery import recovery
from morphogenetic_engine.engine.run import Run
from morphogenetic_engine.engine.settings import PARAMETERS, TrainingSettings
from morphogenetic_engine.errors import Paused, StoreError
from morphogenetic_engine.trial import Metrics, Params, SavedModels, Trial, checked_metrics, declare

_log = logging.getLogger(__name__)

EPOCH_METRICS = frozenset({"train_loss", "val_loss", "val_acc", "best_acc", "seeds_active"})
"""The metrics that every epoch reports."""

METRICS = EPOCH_METRICS | {"final_acc", "test_acc", "runtime", "accuracy_dip", "recovery_time"}
"""The metrics that `train` returns."""


def _check(params: Params) -> None:
    TrainingSettings.from_params(params)


@declare(parameters=PARAMETERS, metrics=METRICS, check=_check, models=SavedModels(predictions, predictor, example))
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
    seed = settings.seed if "seed" in params else trial.seed
    with torch_threads(settings.threads):
        return _train(settings, seed, trial)


def _train(settings: TrainingSettings, seed: int, trial: Trial) -> Metrics:
    started = time.perf_counter()
    device = resolve_device(settings.device)
    data = prepare(make_problem(settings), train_frac=settings.train_frac, seed=settings.seed, device=device)
    run = Run(settings, seed, data)
    path = trial.dir / "checkpoint.pt"
    started -= _restore(run, path)
    while run.epoch < settings.warm_up_epochs + settings.adaptation_epochs:
        run.next_epoch()
        try:
            trial.report(run.epoch - 1, checked_metrics(_epoch_metrics(run)))
        except Paused:
            save_checkpoint(path, run.identity, run.state(time.perf_counter() - started))
            raise
        if settings.checkpoint_every and run.epoch % settings.checkpoint_every == 0:
            save_checkpoint(path, run.identity, run.state(time.perf_counter() - started))
    if settings.save_model:
        save_model(trial.dir / MODEL_FILE, run.network, settings, data.standardisation)
    return checked_metrics({**_final_metrics(run), "runtime": time.perf_counter() - started})


def _restore(run: Run, path: Path) -> float:
    """Restores the run from its checkpoint, if there is one; returns the seconds of training that it contains."""
    if not path.exists():
        return 0.0
    try:
        state = load_checkpoint(path, run.identity)
    except StoreError as error:
        # Training from the start costs time but gives the same result as the checkpoint would have.
        _log.warning("the checkpoint is not used, training starts at epoch 0: %s", error)
        return 0.0
    run.restore(state)
    _log.info("%s: continued at epoch %d", path, run.epoch)
    return state["elapsed"]


def _epoch_metrics(run: Run) -> dict[str, float]:
    reading = run.latest
    return {
        "train_loss": reading.train_loss,
        "val_loss": reading.val_loss,
        "val_acc": reading.val_acc,
        "best_acc": max(run.val_acc),
        "seeds_active": float(len(run.network.positions(SeedState.ACTIVE))),
    }


def _final_metrics(run: Run) -> dict[str, float]:
    landing = recovery(run.val_acc, run.germinations)
    return {
        **_epoch_metrics(run),
        "final_acc": run.latest.val_acc,
        "test_acc": float(score(run.network, run.data.test)[1]),
        "accuracy_dip": landing.accuracy_dip,
        "recovery_time": landing.recovery_time,
    }
