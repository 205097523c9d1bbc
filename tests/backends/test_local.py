"""The built-in executor as a session uses it: slots, tasks of one slot, decisions, ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from morphogenetic_engine.backends.local import LocalExecutor
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.run.executor import Executor, ExecutorSetup, executor_of
from morphogenetic_engine.sweeps.run.messages import Ended, Message, PausedAttempt, Reported, TrialTask
from morphogenetic_engine.sweeps.run.workers.worker_places import describe_places
from morphogenetic_engine.sweeps.search.pruners.thresholds import StepThresholds
from morphogenetic_engine.sweeps.strategy import Decision
from morphogenetic_engine.workload.host_pass import FOLDER, HostPass
from tests.waiting import DEADLINE_SECONDS, until

CONFIG = SweepConfig.model_validate({"experiment": {"workload": "toy:quadratic"}, "parameters": {"x": [0.1, 0.3]}})


@pytest.fixture
def executor(workplace: Path) -> Iterator[Executor]:
    setup = ExecutorSetup(CONFIG, "sweep.yaml", workplace, workplace / "log", parallel=2)
    with executor_of(CONFIG)(setup) as executor:
        yield executor


def _task(place: Path, trial: int, *, decides: bool = False) -> TrialTask:
    return TrialTask(trial, 0, 5, {"x": 0.3}, place / str(trial), ["val_acc"], decides=decides)


def _slots(executor: Executor, waiting: int) -> list[int]:
    def ready() -> bool:
        list(executor.messages(time.monotonic() + 1))
        return len(executor.free(waiting)) == min(waiting, 2)

    until(ready)
    return list(executor.free(waiting))


def _hear(executor: Executor, ends: int) -> list[Message]:
    heard: list[Message] = []
    deadline = time.monotonic() + DEADLINE_SECONDS
    while sum(isinstance(each, Ended | PausedAttempt) for each in heard) < ends:
        assert time.monotonic() < deadline, f"heard only {heard}"
        heard += executor.messages(deadline)
    return heard


def test_the_registry_knows_the_local_executor() -> None:
    assert executor_of(CONFIG) is LocalExecutor


def test_slots_are_made_for_the_work_there_is(executor: Executor) -> None:
    assert _slots(executor, 1) == [0]
    assert sorted(_slots(executor, 5)) == [0, 1]


def test_tasks_of_one_slot_run_one_after_another_and_free_it_together(executor: Executor, workplace: Path) -> None:
    (slot,) = _slots(executor, 1)
    executor.start(slot, [_task(workplace, 4), _task(workplace, 7)])
    assert slot not in executor.free(0)
    heard = _hear(executor, 2)
    assert [(type(each), each.trial) for each in heard] == [
        *[(Reported, 4)] * 3,
        (Ended, 4),
        *[(Reported, 7)] * 3,
        (Ended, 7),
    ]
    assert executor.free(0) == [slot]


@pytest.mark.parametrize("decision", [Decision.STOP, Decision.PAUSE])
def test_a_decision_ends_the_trial_at_its_report(executor: Executor, workplace: Path, decision: Decision) -> None:
    (slot,) = _slots(executor, 1)
    executor.start(slot, [_task(workplace, 0, decides=True)])
    steps = []
    while True:
        message = next(executor.messages(time.monotonic() + 1), None)
        if isinstance(message, Reported):
            steps.append(message.step)
            executor.decide(message.key, decision if message.step == 1 else Decision.GO_ON)
        elif message is not None:
            break
    assert steps == [0, 1]
    if decision is Decision.PAUSE:
        assert message == PausedAttempt(0, 0)
    else:
        assert message == Ended(0, 0, TrialState.PRUNED, message="pruned at step 1")
    assert executor.free(0) == [slot]


def test_a_task_with_thresholds_ends_by_them(executor: Executor, workplace: Path) -> None:
    (slot,) = _slots(executor, 1)
    limits = StepThresholds(maximize=True, limits={1: 99.0})
    executor.start(slot, [replace(_task(workplace, 0, decides=True), thresholds=limits)])
    *reports, end = _hear(executor, 1)
    assert [message.step for message in reports if isinstance(message, Reported)] == [0, 1]
    assert end == Ended(0, 0, TrialState.PRUNED, message="pruned at step 1")


def test_stopping_a_task_gives_its_slot_a_new_process(executor: Executor, workplace: Path) -> None:
    (slot,) = _slots(executor, 1)
    executor.start(slot, [_task(workplace, 0, decides=True)])
    while not list(executor.messages(time.monotonic() + 1)):
        pass
    assert executor.stop((0, 0)) == []
    assert executor.stop((0, 0)) == []
    assert _slots(executor, 1) == [slot]


def test_no_task_starts_while_workers_of_an_earlier_session_elsewhere_may_still_train(workplace: Path) -> None:
    hosts = workplace / FOLDER
    hosts.mkdir(parents=True)
    (hosts / "host-1").write_text("host-1", encoding="ascii")
    HostPass(hosts / "host-1").presence.write_text("node7", encoding="utf-8")
    setup = ExecutorSetup(CONFIG, "sweep.yaml", workplace, workplace / "log", parallel=1)
    with executor_of(CONFIG)(setup) as executor:
        assert not (hosts / "host-1").exists()
        assert executor.free(1) == []
        assert "workers of an earlier session on node7 are about to end" in describe_places(workplace)
        HostPass(hosts / "host-1").leave()
        assert _slots(executor, 1) == [0]
        assert describe_places(workplace) == ""
