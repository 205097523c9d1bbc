"""The same trials by Optuna and by Ray Tune; run as `python peers.py KIND TRIALS PROCESSES`, prints the seconds."""

# pylint: disable=import-outside-toplevel  # one is installed, or the other
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.machines.workload import trained

_ROOT = Path(__file__).parents[2]


def optuna_seconds(kind: str, trials: int, processes: int) -> float:
    """Runs processes that share a study in a journal file; each has its part of the trials."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        share = str(trials // processes)
        command = [sys.executable, __file__, f"optuna-{kind}", share, f"{name}/optuna.journal"]
        begun = time.perf_counter()
        # pylint: disable-next=consider-using-with  # they run at once
        running = [subprocess.Popen(command, env=environment()) for _ in range(processes)]
        if any(process.wait() for process in running):
            raise RuntimeError("a process of Optuna failed")
        return time.perf_counter() - begun


def environment() -> Mapping[str, str]:
    """Returns the environment in which this file runs as a program, also by an interpreter without this project."""
    return {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}


def _optuna_part(kind: str, trials: int, journal: str) -> None:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        lr = trial.suggest_float("lr", 1e-3, 1, log=True)
        if kind == "nothing":
            return lr
        return trained(lr, trial.number, lambda epoch, value: trial.report(value, epoch))

    storage = optuna.storages.JournalStorage(JournalFileBackend(journal))
    sampler = optuna.samplers.RandomSampler()
    optuna.create_study(study_name="one", storage=storage, sampler=sampler, load_if_exists=True).optimize(
        objective, n_trials=trials
    )


def _ray_seconds(kind: str, trials: int, processes: int) -> float:
    import ray
    from ray import tune

    def objective(config: dict[str, float]) -> None:
        if kind == "nothing":
            tune.report({"value": config["lr"]})
        else:
            trained(config["lr"], 0, lambda epoch, value: tune.report({"value": value, "epoch": epoch}))

    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        begun = time.perf_counter()
        ray.init(num_cpus=processes, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        settings = tune.TuneConfig(num_samples=trials, metric="value", mode="max")
        run = tune.RunConfig(storage_path=name, verbose=0)
        space = {"lr": tune.loguniform(1e-3, 1)}
        results = tune.Tuner(objective, param_space=space, tune_config=settings, run_config=run).fit()
        seconds = time.perf_counter() - begun
        if len(results) != trials or results.num_errors:
            raise RuntimeError(f"{results.num_errors} trials of Ray Tune failed")
        ray.shutdown()
        return seconds


if __name__ == "__main__":
    if sys.argv[1].startswith("optuna-"):
        _optuna_part(sys.argv[1].removeprefix("optuna-"), int(sys.argv[2]), sys.argv[3])
    else:
        print(_ray_seconds(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
