"""The engine's `train_many`: runs of one kind in stacks, the others one by one, all of them epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from morphogenetic_engine.engine.data.dataset import Dataset
from morphogenetic_engine.engine.device import resolve_device, torch_threads
from morphogenetic_engine.engine.fused.agreements import Agreements, file_of_this_machine
from morphogenetic_engine.engine.fused.stack_kinds import WIDEST
from morphogenetic_engine.engine.fused.stacks import Stacks
from morphogenetic_engine.engine.settings import DATA_PARAMETERS, TrainingSettings
from morphogenetic_engine.engine.time_saved import of_this_process
from morphogenetic_engine.engine.trained_run import TrainedRun, data_of, seed_of
from morphogenetic_engine.trial import Batch, FusedTrial, Params

_MOST = 64
_MOST_ON_GPU = 128


def most(params: Params) -> int:
    """Returns the number of trials with such parameters that are worth training together."""
    settings = TrainingSettings.from_params(params)
    if settings.hidden_dim > WIDEST:
        return 1
    return _MOST if resolve_device(settings.device).type == "cpu" else _MOST_ON_GPU


def train_many(batch: Batch) -> None:
    """Trains the trials of a batch; each has the metrics and files that `train` would have given it."""
    with torch_threads(1):
        together = _Together()
        while trials := batch.running():
            together.next_epoch(trials)


class _Together:
    """The runs of a batch."""

    def __init__(self) -> None:
        self._running: dict[FusedTrial, TrainedRun] = {}
        self._stacks = Stacks(Agreements(file_of_this_machine()), of_this_process())
        self._data: dict[tuple[object, ...], Dataset] = {}

    def next_epoch(self, trials: Sequence[FusedTrial]) -> None:
        """Trains and reports one epoch of each trial; those that have joined start, those that are trained end."""
        for trial in trials:
            if trial not in self._running:
                with trial:
                    self._running[trial] = self._begin(trial)
        present = self._end_trained(trials)
        self._stacks.train_epoch([self._running[trial].run for trial in present])
        for trial in present:
            training = self._running[trial]
            with trial:
                self._stacks.finish_epoch(training.run)
                saved = self._stacks.saved(training.run)
                if saved is not None:
                    trial.saved(saved)
                training.report(partial(self._stacks.write_back, training.run))
        present = self._end_trained(present)
        self._running = {trial: self._running[trial] for trial in present}

    def _begin(self, trial: FusedTrial) -> TrainedRun:
        settings = TrainingSettings.from_params(trial.params)
        return TrainedRun(settings, seed_of(settings, trial.params, trial), trial, self._data_of(settings))

    def _end_trained(self, trials: Sequence[FusedTrial]) -> list[FusedTrial]:
        """Completes the trials that have done their last epoch, and returns those that still run."""
        for trial in trials:
            if trial.is_running and self._running[trial].is_trained:
                with trial:
                    self._stacks.write_back(self._running[trial].run)
                    trial.complete(self._running[trial].finish())
        return [trial for trial in trials if trial.is_running]

    def _data_of(self, settings: TrainingSettings) -> Dataset:
        """Returns the data set of a trial; trials with equal data share one."""
        names = ("problem_type", "data_file", "train_frac", "device", "seed", *DATA_PARAMETERS)
        key = tuple(getattr(settings, name) for name in names)
        if key not in self._data:
            self._data[key] = data_of(settings)
        return self._data[key]
