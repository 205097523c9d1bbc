"""How the tasks of a session are dealt out to workers that train many at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.sweeps.run.messages import TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.workers import worker_group
from morphogenetic_engine.sweeps.run.workers.wire import Ready, WorkerMessage
from morphogenetic_engine.sweeps.run.workers.worker_group import WorkerGroup
from morphogenetic_engine.sweeps.strategy import Decision


class SilentWorker:
    """A worker that keeps what it is given."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_ready = False
        self.most = 1
        self.given: list[int] = []
        self.fused: set[bool] = set()

    def assign(self, tasks: Sequence[TrialTask], *, fused: bool = False) -> None:
        self.given += [task.trial for task in tasks]
        self.fused.add(fused)

    @staticmethod
    def decide(key: TaskKey, decision: Decision) -> None:
        raise AssertionError(f"nothing reports: {key}, {decision}")


class Workers:
    """Workers that become ready when they are told to."""

    def __init__(self) -> None:
        self.staying: list[SilentWorker] = []
        self.heard: list[tuple[SilentWorker, WorkerMessage]] = []

    def start(self, number: int) -> SilentWorker:
        self.staying.append(SilentWorker(number))
        return self.staying[-1]

    def poll(self, until: float | None) -> list[tuple[SilentWorker, WorkerMessage]]:
        del until
        heard, self.heard = self.heard, []
        return heard

    def retire(self, worker: SilentWorker) -> None:
        self.staying.remove(worker)

    def kill(self, worker: SilentWorker) -> list[WorkerMessage]:
        self.staying.remove(worker)
        return []

    def kill_all(self) -> list[tuple[SilentWorker, WorkerMessage]]:
        self.staying.clear()
        return []


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(worker_group, "time", clock)
    return clock


def group_of(workers: Workers, *, parallel: int, fuse: int) -> WorkerGroup[SilentWorker]:
    def rejection(_rejected: object) -> WorkloadError:
        return WorkloadError("is rejected")

    return WorkerGroup(workers, parallel=parallel, isolate=False, fuse=fuse, rejection=rejection)


def ready(group: WorkerGroup[SilentWorker], workers: Workers, numbers: Sequence[int], most: int = 64) -> None:
    workers.heard = [(workers.staying[number], Ready(most)) for number in numbers]
    assert not list(group.listen(None))


def deal(group: WorkerGroup[SilentWorker], waiting: int) -> None:
    for trial, slot in enumerate(group.free(waiting)[:waiting]):
        group.assign(slot, [TrialTask(trial, 0, 1, {}, Path(), ["val_acc"])])


@pytest.mark.parametrize("period", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("parallel", [2, 3, 4])
def test_trials_of_a_period_go_to_all_workers_alike(clock: Clock, parallel: int, period: int) -> None:
    workers = Workers()
    group = group_of(workers, parallel=parallel, fuse=64)
    group.scale_to(64)
    clock.now += 1
    ready(group, workers, range(parallel))
    deal(group, 64)
    expensive = [sum(trial % period == 0 for trial in worker.given) for worker in workers.staying]
    fair = 64 / period / parallel
    assert sum(expensive) == 64 // period and max(expensive) <= 2 * fair + 1
    means = [sum(worker.given) / len(worker.given) for worker in workers.staying]
    assert max(means) - min(means) < 5, "a grid whose last trials are the expensive ones"


def test_the_first_tasks_wait_a_moment_for_workers_that_start_with_the_first(clock: Clock) -> None:
    workers = Workers()
    group = group_of(workers, parallel=2, fuse=64)
    group.scale_to(10)
    clock.now += 1
    ready(group, workers, [0])
    assert not group.free(10)
    clock.now += 0.4
    ready(group, workers, [1])
    assert sorted(group.free(10)) == [0] * 5 + [1] * 5


def test_they_do_not_wait_longer_than_that(clock: Clock) -> None:
    workers = Workers()
    group = group_of(workers, parallel=2, fuse=64)
    group.scale_to(10)
    clock.now += 1
    ready(group, workers, [0])
    clock.now += 0.6
    assert group.free(10) == [0] * 5


@pytest.mark.parametrize(("fuse", "most"), [(64, 1), (1, 64), (0, 64)])
def test_tasks_that_run_one_after_another_wait_for_no_other_worker(clock: Clock, fuse: int, most: int) -> None:
    workers = Workers()
    group = group_of(workers, parallel=2, fuse=fuse)
    group.scale_to(10)
    clock.now += 1
    ready(group, workers, [0], most)
    assert group.free(10) == [0]


@pytest.mark.parametrize(("fuse", "most", "fused"), [(64, 64, True), (1, 64, True), (64, 1, False), (0, 64, False)])
@pytest.mark.usefixtures("clock")
def test_a_single_task_is_trained_by_the_function_for_many_where_it_is_worth_it(
    fuse: int, most: int, fused: bool
) -> None:
    workers = Workers()
    group = group_of(workers, parallel=1, fuse=fuse)
    group.scale_to(1)
    ready(group, workers, [0], most)
    deal(group, 1)
    assert workers.staying[0].given == [0] and workers.staying[0].fused == {fused}
