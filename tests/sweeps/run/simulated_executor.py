"""An executor without processes: trials with learning curves, in any order, with crashes and kills."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.run import runner
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import Ended, Message, PausedAttempt, Reported, TaskKey, TrialTask, failed
from morphogenetic_engine.sweeps.strategy import Decision


class Killed(BaseException):
    """The coordinator died: nothing of what it would have done happens."""


@dataclass
class Machine:
    """The state that outlives a kill: the files of trials. `reports` are those of a full training."""

    chance: random.Random
    workers: int = 2
    reports: int = 27
    saves: bool = True
    kills: int = 0
    crashes: int = 0
    failing: frozenset[int] = frozenset()
    saved: dict[int, int] = field(default_factory=dict)
    steps: int = 0
    """Steps that were computed, the repeated ones included."""

    def metrics(self, task: TrialTask, step: int) -> dict[str, float]:
        """The metrics of a report: the objective, and a second one that asks for the opposite."""
        return {"val_acc": self.value(task, step), "size": float(task.params["x"]) + step / 100}

    @staticmethod
    def value(task: TrialTask, step: int) -> float:
        """Curves that cross: the height from the parameters, the pace from the seed."""
        height = -((float(task.params["x"]) - 0.3) ** 2)
        return height - 0.3 * math.exp(-math.log1p(step) * (0.5 + task.seed % 5 / 4))


class SimulatedExecutor:
    """Sends each task's messages one by one, from a slot drawn by chance."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._slots: dict[int, tuple[TrialTask, Iterator[Message]]] = {}

    def free(self, waiting: int) -> Sequence[int]:
        del waiting
        return [slot for slot in range(self._machine.workers) if slot not in self._slots]

    def start(self, slot: int, tasks: Sequence[TrialTask]) -> None:
        (task,) = tasks
        self._slots[slot] = task, self._run(task)

    def messages(self, until: float | None) -> Iterator[Message]:
        del until
        chance = self._machine.chance
        slot = chance.choice(sorted(self._slots))
        for _ in range(chance.randint(1, 12)):
            if self._machine.kills and chance.random() < 0.02:
                self._machine.kills -= 1
                raise Killed
            task, told = self._slots[slot]
            if self._machine.crashes and chance.random() < 0.02:
                self._machine.crashes -= 1
                del self._slots[slot]
                yield failed(task.key, FailureReason.KILLED, "crashed")
                return
            message = next(told, None)
            assert message is not None, "the last message of a task frees its slot"
            if not isinstance(message, Reported):
                del self._slots[slot]
                yield message
                return
            yield message

    @staticmethod
    def decide(key: TaskKey, decision: Decision) -> None:
        raise AssertionError(f"a report of {key} waits for {decision}, but a rung is known when a trial starts")

    @staticmethod
    def stop_all() -> Sequence[Message]:
        return ()

    def _run(self, task: TrialTask) -> Iterator[Message]:
        machine = self._machine
        first = machine.saved.get(task.trial, 0) if machine.saves else 0
        last, left = task.reported_until, task.pause_after
        if left is not None:
            assert left > 0, "a task has something to do"
        for step in range(first, machine.reports):
            machine.steps += 1
            if task.trial in machine.failing and step == task.trial % 7:
                yield failed(task.key, FailureReason.EXCEPTION, "diverged")
                return
            machine.saved[task.trial] = step + 1
            yield Reported(*task.key, step, machine.metrics(task, step))
            if left is not None and (last is None or step > last):
                left -= 1
                if left == 0:
                    yield PausedAttempt(*task.key)
                    return
        yield Ended(*task.key, TrialState.COMPLETE, machine.metrics(task, machine.reports))


def simulate(monkeypatch: pytest.MonkeyPatch, machine: Machine) -> None:
    """Makes sweeps run on a machine that is simulated."""

    @contextmanager
    def opened(setup: ExecutorSetup) -> Iterator[tuple[SimulatedExecutor, SimpleNamespace]]:
        del setup
        yield SimulatedExecutor(machine), SimpleNamespace(requested=None)

    monkeypatch.setattr(runner, "open_executor", opened)
