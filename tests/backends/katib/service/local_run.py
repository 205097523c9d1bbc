"""The local run of a sweep, with a workload that is a function of the parameters and the seed, and no processes."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.replicates import combined_metrics, replicate_seed
from morphogenetic_engine.sweeps.record.trial_table import TrialTable
from morphogenetic_engine.sweeps.record.trials import Replicate, TrialRecord
from morphogenetic_engine.sweeps.run import runner
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import Ended, Message, Replicated, Reported, TrialTask, failed
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from morphogenetic_engine.trial import Params


def result(config: SweepConfig, params: Params, seed: int) -> dict[str, float]:
    """Returns the metrics of a training: any function of the parameters and the seed, of all digits."""
    searched = enumerate(params[name] for name in config.space.axes if name in params)
    loss = sum(abs(math.sin(place + 1.7 * _number(value))) for place, value in searched) + seed % 97 * 1e-3
    return {name: loss / (place + 1) + place for place, name in enumerate(config.optimization.recorded_metrics)}


def trained(config: SweepConfig, trial: TrialRecord, failing: frozenset[int]) -> TrialRecord:
    """Returns a trial at its end."""
    if trial.number in failing:
        trial.state, trial.reason, trial.message = TrialState.FAILED, FailureReason.EXCEPTION, "diverged"
        return trial
    trial.state, trial.metrics = TrialState.COMPLETE, result(config, trial.params, trial.seed)
    if config.experiment.replicates > 1:
        seeds = [replicate_seed(config.optimization.seed, each) for each in range(config.experiment.replicates)]
        runs = {n: Replicate(seed, result(config, trial.params, seed), 0.0, {}) for n, seed in enumerate(seeds)}
        trial.metrics = combined_metrics(runs, config.optimization)
    return trial


class _Executor:
    """Ends the tasks of its slots in an order drawn by chance."""

    def __init__(self, config: SweepConfig, chance: random.Random, workers: int, failing: frozenset[int]) -> None:
        self._config, self._chance, self._workers, self._failing = config, chance, workers, failing
        self._tasks: dict[int, TrialTask] = {}

    def free(self, waiting: int) -> Sequence[int]:
        del waiting
        return [slot for slot in range(self._workers) if slot not in self._tasks]

    def start(self, slot: int, tasks: Sequence[TrialTask]) -> None:
        (self._tasks[slot],) = tasks

    def messages(self, until: float | None) -> Iterator[Message]:
        del until
        task = self._tasks.pop(self._chance.choice(sorted(self._tasks)))
        if task.trial in self._failing:
            yield failed(task.key, FailureReason.EXCEPTION, "diverged")
            return
        for each in task.replicates:
            found = result(self._config, task.params, each["seed"])
            yield Replicated(*task.key, each["replicate"], each["seed"], found, 0.0)
        metrics = {} if task.replicates else result(self._config, task.params, task.seed)
        if metrics:
            yield Reported(*task.key, 0, {name: value + 1 for name, value in metrics.items()})
        yield Ended(*task.key, TrialState.COMPLETE, metrics)

    @staticmethod
    def stop_all() -> Sequence[Message]:
        return ()


def local_run(
    file: ConfigFile,
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: frozenset[int],
    workers: int,
    sweep_id: str = "local",
) -> SweepFolder:
    """Runs a sweep with so many workers, and returns its folder."""

    @contextmanager
    def opened(setup: ExecutorSetup) -> Iterator[tuple[_Executor, SimpleNamespace]]:
        yield _Executor(setup.config, random.Random(7), workers, failing), SimpleNamespace(requested=None)

    monkeypatch.setattr(runner, "open_executor", opened)
    folder = start_sweep(file, results=results, sweep_id=sweep_id)
    run_sweep(folder)
    return folder


def table_of(trials: Mapping[int, TrialRecord], config: SweepConfig, path: Path) -> list[list[str]]:
    """Returns the trial table of records, without the columns that tell how a run went."""
    with TrialTable(path, config) as table:
        table.write(trials.values())
    return steady(path)


def steady(path: Path) -> list[list[str]]:
    """Returns a trial table without the columns that tell how a run went."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return [row[: rows[0].index("attempts")] for row in rows]


def _number(value: bool | int | float | str) -> float:
    return float(len(value)) if isinstance(value, str) else float(value)
