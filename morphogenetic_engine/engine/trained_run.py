"""A run that belongs to a trial: started or continued, reported epoch by epoch, and saved at its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from morphogenetic_engine.engine.checkpoints.checkpoint import load_checkpoint, save_checkpoint, save_model
from morphogenetic_engine.engine.checkpoints.predictions import MODEL_FILE
from morphogenetic_engine.engine.data.dataset import Dataset, prepare
from morphogenetic_engine.engine.data.problems import make_problem
from morphogenetic_engine.engine.device import resolve_device
from morphogenetic_engine.engine.evaluation import score
from morphogenetic_engine.engine.network.network import SeedState
from morphogenetic_engine.engine.network.recovery import recovery
from morphogenetic_engine.engine.run import CHANGEABLE, Run
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.errors import Paused, StoreError
from morphogenetic_engine.trial import PARENT_FILE, Metrics, Params, Trial, checked_metrics

_log = logging.getLogger("morphogenetic_engine.engine.training")


class TrainedRun:
    """The run of one trial."""

    def __init__(self, settings: TrainingSettings, seed: int, trial: Trial, data: Dataset | None = None) -> None:
        """`data` is what `data_of` returns for the settings; None: it is made here."""
        self.settings = settings
        self._started = time.perf_counter()
        self._trial = trial
        self.data = data or data_of(settings)
        self.run = Run(settings, seed, self.data)
        self._path = trial.dir / "checkpoint.pt"
        self._started -= _restore(self.run, self._path)

    @property
    def is_trained(self) -> bool:
        """True after its last epoch."""
        return self.run.epoch >= self.settings.warm_up_epochs + self.settings.adaptation_epochs

    def report(self, before_save: Callable[[], None] = lambda: None) -> None:
        """Reports the last epoch and writes the checkpoint that is due.

        `before_save` is called first if a checkpoint is written.

        Raises:
            Pruned, Paused: passed through from `trial.report`; a paused run has been saved.
            TrialFailed: a metric is no longer finite: the training diverged.
            StoreError: the checkpoint cannot be written.
        """
        try:
            self._trial.report(self.run.epoch - 1, checked_metrics(_epoch_metrics(self.run)))
        except Paused:
            before_save()
            self._save()
            raise
        every = self.settings.checkpoint_every
        if every and self.run.epoch % every == 0:
            before_save()
            self._save()

    def finish(self) -> Metrics:
        """Saves the model and returns the metrics of the whole run.

        Raises:
            TrialFailed: a metric is not finite.
            StoreError: the model cannot be written.
        """
        if self.settings.save_model:
            save_model(self._trial.dir / MODEL_FILE, self.run.network, self.settings, self.data.standardisation)
        return checked_metrics({**_final_metrics(self.run), "runtime": time.perf_counter() - self._started})

    def _save(self) -> None:
        save_checkpoint(self._path, self.run.identity, self.run.state(time.perf_counter() - self._started))


def seed_of(settings: TrainingSettings, params: Params, trial: Trial) -> int:
    """Returns the seed of a trial's run: its own, unless the parameters fix one."""
    return settings.seed if "seed" in params else trial.seed


def data_of(settings: TrainingSettings) -> Dataset:
    """Returns the data set that the settings describe.

    Raises:
        ConfigError: they name a GPU that is not there, or splits that are too small.
        StoreError: the data file cannot be read.
    """
    device = resolve_device(settings.device)
    return prepare(make_problem(settings), train_frac=settings.train_frac, seed=settings.seed, device=device)


def _restore(run: Run, path: Path) -> float:
    """Restores the run from its checkpoint, if there is one; returns the seconds of training that it contains."""
    if not path.exists():
        return 0.0
    try:
        changeable = CHANGEABLE if path.with_name(PARENT_FILE).exists() else ()
        state = load_checkpoint(path, run.identity, changeable=changeable)
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
