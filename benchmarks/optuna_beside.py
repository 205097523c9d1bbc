"""The same random sweep of 200 no-op trials with Optuna's own loop (journal file, SQLite) beside ours."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import optuna
from optuna.storages.journal import JournalFileBackend

from benchmarks.figures import Figure
from benchmarks.throughput import no_op_sweep

_TRIALS = 200
_ROUNDS = 5


def figures() -> list[Figure]:
    """Alternates between them, so that other load affects all alike; our time includes the start of the workers."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kinds: dict[str, Callable[[Path], object]] = {
        "Optuna, journal file": _journal_file,
        "Optuna, SQLite": lambda place: f"sqlite:///{place}/optuna.db",
    }
    seconds: dict[str, list[float]] = {name: [] for name in ("ours", *kinds)}
    for _ in range(_ROUNDS):
        seconds["ours"].append(no_op_sweep(_TRIALS).seconds)
        for name, storage in kinds.items():
            seconds[name].append(_optuna_seconds(storage))
    rates = [
        Figure(f"{_TRIALS} trials: {name}", _TRIALS / statistics.median(s), "trials/s", better="higher")
        for name, s in seconds.items()
    ]
    ratios = [
        Figure(
            f"{name} over ours, time",
            statistics.median(_ratios(seconds[name], seconds["ours"])),
            "ratio",
            better="higher",
        )
        for name in kinds
    ]
    return rates + ratios


def _ratios(ones: list[float], others: list[float]) -> list[float]:
    return [one / other for one, other in zip(ones, others, strict=True)]


def _journal_file(place: Path) -> object:
    return optuna.storages.JournalStorage(JournalFileBackend(str(place / "optuna.journal")))


def _optuna_seconds(storage: Callable[[Path], object]) -> float:
    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("y", 0, 1)
        return trial.suggest_float("x", 0, 1)

    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        begun = time.perf_counter()
        study = optuna.create_study(
            storage=storage(Path(name)),  # type: ignore[arg-type]  # a URL or a storage
            sampler=optuna.samplers.RandomSampler(seed=1),
        )
        study.optimize(objective, n_trials=_TRIALS)
        return time.perf_counter() - begun
