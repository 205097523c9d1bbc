"""The trials of the fused sweeps as users of other systems run them: the plain loop under Optuna and Ray Tune.

`python -m benchmarks.problems.plain_sweeps optuna grid PLACE` runs 64 trials in two processes. The plain loop trains
the whole network in every epoch, and nothing grows; it has as many epochs as the trials of ours.
"""

from __future__ import annotations

import importlib
import multiprocessing
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import optuna
import torch
from optuna.storages.journal import JournalFileBackend
from torch.optim import Adam

from benchmarks.problems.plain_loop import plain_epoch, plain_network
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.engine.trained_run import data_of

_PROCESSES = 2
GRID: Mapping[str, list[float]] = {
    "hidden_dim": [16, 32, 48, 64],
    "num_layers": [2, 4],
    "lr": [1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3, 8e-3, 1e-2],
}
GRID_EPOCHS = 50
HALVING_EPOCHS, FIRST_RUNG, CONFIGURATIONS = 243, 9, 81


def main(system: str, search: str, place: str) -> None:
    """Runs one search with one system; its files stand in a folder."""
    {"optuna": _optuna, "ray": _ray}[system](search, Path(place))


def _train(params: Mapping[str, float], epochs: int, report: Callable[[int, float], None]) -> float:
    """Trains one network and reports its validation accuracy after each epoch."""
    torch.set_num_threads(1)
    settings = TrainingSettings(problem_type="spirals", device="cpu")
    data = data_of(settings)
    network = plain_network(
        features=data.features,
        classes=data.classes,
        hidden_dim=int(params["hidden_dim"]),
        num_layers=int(params["num_layers"]),
    )
    optimiser = Adam(network.parameters(), lr=params["lr"], fused=True)
    accuracy = 0.0
    for epoch in range(epochs):
        accuracy = plain_epoch(network, optimiser, data, settings.batch_size)[2]
        report(epoch, accuracy)
    return accuracy


def _optuna(search: str, place: Path) -> None:
    """Two processes share a study in a journal file, as Optuna's documentation advises."""
    journal = str(place / "optuna.journal")
    optuna.create_study(study_name="bench", storage=_storage(journal), direction="maximize")
    context = multiprocessing.get_context("spawn")
    count = CONFIGURATIONS if search == "halving" else 64
    shares = [count // _PROCESSES, count - count // _PROCESSES]
    workers = [context.Process(target=_optuna_worker, args=(search, journal, *each)) for each in enumerate(shares)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0


def _storage(journal: str) -> optuna.storages.JournalStorage:
    return optuna.storages.JournalStorage(JournalFileBackend(journal))


def _optuna_worker(search: str, journal: str, number: int, trials: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    is_grid = search == "grid"
    sampler = optuna.samplers.GridSampler(GRID) if is_grid else optuna.samplers.RandomSampler(seed=number)
    halving = optuna.pruners.SuccessiveHalvingPruner(min_resource=FIRST_RUNG, reduction_factor=3)
    study = optuna.load_study(
        study_name="bench",
        storage=_storage(journal),
        sampler=sampler,
        pruner=optuna.pruners.NopPruner() if is_grid else halving,
    )

    def objective(trial: optuna.Trial) -> float:
        params = {
            "hidden_dim": trial.suggest_categorical("hidden_dim", GRID["hidden_dim"]),
            "num_layers": trial.suggest_int("num_layers", 2, 4),
            "lr": trial.suggest_float("lr", 0.001, 0.01, log=not is_grid),
        }

        def report(epoch: int, accuracy: float) -> None:
            if is_grid:
                return
            trial.report(accuracy, epoch + 1)
            if trial.should_prune():
                raise optuna.TrialPruned

        return _train(params, GRID_EPOCHS if is_grid else HALVING_EPOCHS, report)

    study.optimize(objective, n_trials=trials)


def _ray(search: str, place: Path) -> None:
    """Two trials at once; Ray is not among this project's packages, so its modules have no types here."""
    ray, tune = importlib.import_module("ray"), importlib.import_module("ray.tune")
    schedulers = importlib.import_module("ray.tune.schedulers")
    ray.init(num_cpus=_PROCESSES, include_dashboard=False, log_to_driver=False)
    is_grid = search == "grid"
    epochs = GRID_EPOCHS if is_grid else HALVING_EPOCHS

    def trainable(config: dict[str, float]) -> None:
        _train(config, epochs, lambda epoch, accuracy: tune.report({"epoch": epoch + 1, "accuracy": accuracy}))

    space = {name: tune.grid_search(values) for name, values in GRID.items()}
    if not is_grid:
        space = {
            "hidden_dim": tune.choice(GRID["hidden_dim"]),
            "num_layers": tune.randint(2, 5),
            "lr": tune.loguniform(0.001, 0.01),
        }
    asha = schedulers.ASHAScheduler("epoch", max_t=HALVING_EPOCHS, grace_period=FIRST_RUNG, reduction_factor=3)
    config = tune.TuneConfig(
        metric="accuracy",
        mode="max",
        scheduler=None if is_grid else asha,
        num_samples=1 if is_grid else CONFIGURATIONS,
        max_concurrent_trials=_PROCESSES,
    )
    run_config = tune.RunConfig(storage_path=str(place.absolute()), verbose=0)
    tune.Tuner(trainable, param_space=space, tune_config=config, run_config=run_config).fit()
    ray.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
