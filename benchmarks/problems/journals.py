"""Generates journals of any size, for the benchmarks of the code that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config_file import ConfigFile, parse_config
from morphogenetic_engine.sweeps.record.events import (
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder, new_sweep
from morphogenetic_engine.sweeps.record.journal_file.lines import lines_of
from morphogenetic_engine.trial import Params

_WORKERS = 8
_EPOCH_SECONDS = 1.0
_BEGAN = 1.7e9
_PARAMETERS: dict[str, object] = {
    "lr": {"low": 1e-4, "high": 1.0, "log": True},
    "dropout": {"low": 0.0, "high": 0.6},
    "hidden_dim": {"low": 16, "high": 512, "log": True},
    "num_layers": [2, 4, 8],
    "activation": ["relu", "tanh", "gelu"],
    "nesterov": [True, False],
}


def write_sweep(results: Path, sweep_id: str, *, trials: int, epochs: int) -> SweepFolder:
    """Writes the journal of a finished random search of six parameters; every 50th trial failed. Deterministic."""
    written = {
        "sweep_type": "random",
        "experiment": {"workload": "module:train"},
        "parameters": _PARAMETERS,
        "optimization": {"n_trials": trials},
    }
    config = parse_config(written, where="sweep.yaml")
    folder = new_sweep(results, sweep_id, ConfigFile(Path("sweep.yaml"), "", config), config)
    with folder.journal.open("wb") as journal:
        journal.writelines(lines_of(_events(trials, epochs)))
    return folder


def _events(trials: int, epochs: int) -> Iterator[Event]:
    random = np.random.default_rng(0)
    yield SessionStarted(_BEGAN, 1, "host", "0", _WORKERS)
    for number in range(trials):
        yield from _trial(number, epochs, random)
    yield SessionEnded(_BEGAN + (trials // _WORKERS + 1) * epochs * _EPOCH_SECONDS, Outcome.FINISHED)


def _trial(number: int, epochs: int, random: np.random.Generator) -> Iterator[Event]:
    began, seconds = _BEGAN + number // _WORKERS * epochs * _EPOCH_SECONDS, 0.9 * epochs * _EPOCH_SECONDS
    params = _params(random)
    height = 0.9 - 0.02 * (np.log10(float(params["lr"])) + 2.5) ** 2 - 0.1 * float(params["dropout"])
    yield TrialStarted(began, number, 0, number % _WORKERS, number, params)
    reached = 0.0
    for epoch in range(epochs):
        reached = float(height * (1 - np.exp(-(epoch + 1) / 5)) + random.normal() / 100)
        metrics = {"train_loss": 1 - reached, "val_loss": 1.1 - reached, "val_acc": reached}
        yield TrialReported(began + epoch * _EPOCH_SECONDS, number, 0, epoch, metrics)
    if number % 50 == 7:
        message = "ZeroDivisionError: float division by zero"
        reason = FailureReason.EXCEPTION
        yield TrialEnded(began + seconds, number, 0, TrialState.FAILED, seconds, reason=reason, message=message)
    else:
        metrics = {"val_acc": reached, "val_loss": 1.1 - reached, "test_acc": reached - 0.01}
        yield TrialEnded(began + seconds, number, 0, TrialState.COMPLETE, seconds, metrics)


def _params(random: np.random.Generator) -> Params:
    return {
        "lr": float(10 ** random.uniform(-4, 0)),
        "dropout": float(random.uniform(0, 0.6)),
        "hidden_dim": int(2 ** random.uniform(4, 9)),
        "num_layers": int(random.choice([2, 4, 8])),
        "activation": str(random.choice(["relu", "tanh", "gelu"])),
        "nesterov": bool(random.integers(2)),
    }
