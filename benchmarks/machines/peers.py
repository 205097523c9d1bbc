"""The same trials by Optuna and by Ray Tune; run as `python peers.py KIND TRIALS PROCESSES`, prints the seconds."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path


def optuna_seconds(kind: str, trials: int, processes: int) -> float:
    """Runs processes that share a study in a journal file; each has its part of the trials."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        share = str(trials // processes)
        command = [sys.executable, __file__, f"optuna-{kind}", share, f"{name}/optuna.journal"]
        begun = time.perf_counter()
        running = [subprocess.Popen(command) for _ in range(processes)]
        if any(process.wait() for process in running):
            raise RuntimeError("a process of Optuna failed")
        return time.perf_counter() - begun


def _optuna_part(kind: str, trials: int, journal: str) -> None:
    import optuna
    from optuna.storages.journal import JournalFileBackend
    from workload import trained

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

    here = str(Path(__file__).parent)

    def objective(config: dict[str, float]) -> None:
        sys.path.insert(0, here)
        from workload import trained

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
