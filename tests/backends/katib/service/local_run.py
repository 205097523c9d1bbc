"""The local run of a sweep, with a workload that is a function of the parameters and the seed, and no processes."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import ConfigFile
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.tables.trial_table import TrialTable
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.run import runner
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import (
    Ended,
    Message,
    PausedAttempt,
    Replicated,
    Reported,
    TaskKey,
    TrialTask,
    failed,
)
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from morphogenetic_engine.sweeps.run.workers.worker_trial import Pausing
from morphogenetic_engine.sweeps.search.pruners.deciders import AttemptDecider
from morphogenetic_engine.sweeps.search.pruners.thresholds import StepThresholds
from morphogenetic_engine.sweeps.strategy import Decision
from morphogenetic_engine.trial import Params


def result(config: SweepConfig, params: Params, seed: int) -> dict[str, float]:
    """Returns the metrics of a training: any function of the parameters and the seed, of all digits."""
    searched = enumerate(params[name] for name in config.space.axes if name in params)
    loss = sum(abs(math.sin(place + 1.7 * _number(value))) for place, value in searched) + seed % 97 * 1e-3
    return {name: loss / (place + 1) + place for place, name in enumerate(config.optimization.recorded_metrics)}


def reports(config: SweepConfig, params: Params, seed: int) -> dict[int, dict[str, float]]:
    """Returns the reports of a training, of three to six steps; the last is its result."""
    steps, end = range(3 + seed % 4), result(config, params, seed)
    return {
        2 * step + 1: {name: value + (len(steps) - 1 - step) * math.cos(step + seed % 7) for name, value in end.items()}
        for step in steps
    }


class FakeExecutor:
    """Runs the tasks of its slots, report by report, in an order drawn by chance."""

    def __init__(self, config: SweepConfig, chance: random.Random, workers: int, failing: frozenset[int]) -> None:
        self._config, self._chance, self._workers, self._failing = config, chance, workers, failing
        self._tasks: dict[int, Iterator[Message]] = {}

    def free(self, waiting: int) -> Sequence[int]:
        del waiting
        return [slot for slot in range(self._workers) if slot not in self._tasks]

    def start(self, slot: int, tasks: Sequence[TrialTask]) -> None:
        (task,) = tasks
        task.dir.mkdir(parents=True, exist_ok=True)
        (task.dir / "last.txt").write_text(str(task.trial), encoding="utf-8")  # a checkpoint
        self._tasks[slot] = self._run(task)

    def messages(self, until: float | None) -> Iterator[Message]:
        del until
        slot = self._chance.choice(sorted(self._tasks))
        message = next(self._tasks[slot], None)
        if message is None:
            del self._tasks[slot]
            return
        if isinstance(message, Ended | PausedAttempt):
            del self._tasks[slot]
        yield message

    @staticmethod
    def decide(key: TaskKey, decision: Decision) -> None:
        raise AssertionError(f"a report of {key} waits for {decision}, but its thresholds are known when it starts")

    @staticmethod
    def stop_all() -> Sequence[Message]:
        return ()

    def _run(self, task: TrialTask) -> Iterator[Message]:
        yield from self._replicates(task) if task.replicates else self._training(task)

    def _replicates(self, task: TrialTask) -> Iterator[Message]:
        decider = _decider(task)
        for each in task.replicates:
            if each is task.replicates[-1] and task.trial in self._failing:
                break  # a replicate that raises has no result
            found = result(self._config, task.params, each["seed"])
            yield Replicated(*task.key, each["replicate"], each["seed"], found, 0.0)
            if decider.stops(each["replicate"], found[task.objectives[0]]):
                yield Ended(*task.key, TrialState.PRUNED)
                return
        yield self._end(task, {})

    def _training(self, task: TrialTask) -> Iterator[Message]:
        decider = _decider(task)
        pausing = None if task.pause_after is None else Pausing(task.pause_after, task.reported_until, task.objectives)
        goes_on = self._chance.random() < 0.5  # from a checkpoint; else it reports all steps again
        for step, metrics in reports(self._config, task.params, task.seed).items():
            if goes_on and task.reported_until is not None and step <= task.reported_until:
                continue
            yield Reported(*task.key, step, metrics)
            if pausing is not None and pausing.is_due(step, metrics):
                yield PausedAttempt(*task.key)
                return
            if decider.stops(step, metrics[task.objectives[0]]):
                yield Ended(*task.key, TrialState.PRUNED)
                return
        yield self._end(task, result(self._config, task.params, task.seed))

    def _end(self, task: TrialTask, metrics: Mapping[str, float]) -> Message:
        if task.trial in self._failing:
            return failed(task.key, FailureReason.EXCEPTION, "diverged")
        return Ended(*task.key, TrialState.COMPLETE, metrics)


def _decider(task: TrialTask) -> AttemptDecider:
    thresholds = task.thresholds or StepThresholds(True, {})
    return AttemptDecider(thresholds.decider(), task.reported)


@contextmanager
def fake_executor(
    setup: ExecutorSetup, chance: random.Random, workers: int, failing: frozenset[int]
) -> Iterator[tuple[FakeExecutor, SimpleNamespace]]:
    """Replaces the processes of a session."""
    yield FakeExecutor(setup.config, chance, workers, failing), SimpleNamespace(requested=None)


def local_run(
    file: ConfigFile,
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: frozenset[int],
    workers: int,
    sweep_id: str = "local",
) -> SweepFolder:
    """Runs a sweep with so many workers, and returns its folder."""
    monkeypatch.setattr(
        runner, "open_executor", partial(fake_executor, chance=random.Random(7), workers=workers, failing=failing)
    )
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
