"""Real worker processes, controlled by a pool: tasks, messages, kills, and their end with the coordinator."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.run.messages import Ended, Reported, TrialTask
from morphogenetic_engine.sweeps.run.workers.pool import WorkerPool
from morphogenetic_engine.sweeps.run.workers.wire import Died, Ready, Rejected, WorkerMessage
from morphogenetic_engine.sweeps.run.workers.worker import Worker, WorkerSetup
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload
from tests.waiting import DEADLINE_SECONDS, gone, until

MakePool = Callable[..., WorkerPool]


@pytest.fixture(name="pool")
def _pool(workplace: Path) -> Iterator[MakePool]:
    """Makes pools whose workers run a function of toy.py."""
    made: list[WorkerPool] = []

    def make(workload: str, wakeup: int | None = None) -> WorkerPool:
        setup = WorkerSetup(
            workload=FunctionWorkload(workload),
            metrics=["val_acc"],
            probe=[{"x": 0.5}],
            working_directory=workplace,
            environment={"OMP_NUM_THREADS": "1"},
            log=workplace / "workers.log",
        )
        made.append(WorkerPool(setup, wakeup))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def _hear(pool: WorkerPool, count: int) -> list[tuple[int, WorkerMessage]]:
    """Returns the next messages with the numbers of the workers."""
    heard: list[tuple[int, WorkerMessage]] = []
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(heard) < count:
        assert time.monotonic() < deadline, f"heard only {heard}"
        heard += [(worker.number, message) for worker, message in pool.poll(None)]
    return heard


def _run(worker: Worker, place: Path, number: int = 0, **params: float | str) -> None:
    worker.assign([TrialTask(number, 0, seed=7, params=params, dir=place / str(number), objectives=["val_acc"])])


def test_a_worker_is_ready_runs_its_trials_and_leaves_with_the_pool(pool: MakePool, workplace: Path) -> None:
    with pool("toy:quadratic") as workers:
        worker = workers.start(3)
        assert _hear(workers, 1) == [(3, Ready())]
        _run(worker, workplace, x=0.5)
        heard = [message for _, message in _hear(workers, 4)]
        assert [type(message) for message in heard] == [Reported, Reported, Reported, Ended]
        assert [message.step for message in heard if isinstance(message, Reported)] == [0, 1, 2]
        ended = heard[-1]
        assert isinstance(ended, Ended)
        assert (ended.state, ended.reason, ended.message) == (TrialState.COMPLETE, None, "")
        assert set(ended.metrics) == {"val_acc", "twice"}
    assert not workers.workers
    assert worker.process.returncode == 0


def test_several_workers_are_told_apart(pool: MakePool, workplace: Path) -> None:
    with pool("toy:nothing") as workers:
        started = [workers.start(number) for number in range(2)]
        assert sorted(number for number, _ in _hear(workers, 2)) == [0, 1]
        for worker in started:
            _run(worker, workplace, worker.number, x=worker.number / 4)
        heard = sorted(_hear(workers, 2), key=lambda each: each[0])
        assert heard == [
            (0, Ended(0, 0, TrialState.COMPLETE, {"val_acc": 0.0})),
            (1, Ended(1, 0, TrialState.COMPLETE, {"val_acc": 0.25})),
        ]


@pytest.mark.parametrize(
    ("mood", "ended"),
    [
        ("prune", Ended(0, 0, TrialState.PRUNED, message="not worth it")),
        (
            "nan",
            Ended(
                0,
                0,
                TrialState.FAILED,
                reason=FailureReason.NON_FINITE_METRIC,
                message="metric val_acc must be finite, but got nan",
            ),
        ),
    ],
)
def test_how_a_trial_ended_comes_as_what_it_is(pool: MakePool, workplace: Path, mood: str, ended: Ended) -> None:
    with pool("toy:moody") as workers:
        worker = workers.start(0)
        _hear(workers, 1)
        _run(worker, workplace, mood=mood)
        assert _hear(workers, 1) == [(0, ended)]


def test_a_rejected_sweep_is_heard_with_its_reason_and_then_the_worker_leaves(pool: MakePool, workplace: Path) -> None:
    message = "toy has no function 'declare_d'; did you mean 'declared'?"
    with pool("toy:declare_d") as workers:
        workers.start(0)
        assert _hear(workers, 2) == [(0, Rejected("WorkloadError", message)), (0, Died(0))]
        assert not workers.workers
    assert "WorkloadError" in (workplace / "workers.log").read_text(encoding="utf-8")


def test_a_worker_that_is_killed_has_died_and_what_it_is_told_then_is_no_error(pool: MakePool, workplace: Path) -> None:
    with pool("toy:moody") as workers:
        worker = workers.start(0)
        _hear(workers, 1)
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
        _run(worker, workplace, mood="good")
        assert _hear(workers, 1) == [(0, Died(-signal.SIGKILL))]
        assert not workers.workers


def test_a_worker_that_dies_of_its_trial_takes_along_what_the_trial_started(pool: MakePool, workplace: Path) -> None:
    with pool("toy:with_grandchild") as workers:
        worker = workers.start(0)
        _hear(workers, 1)
        _run(worker, workplace, x=0.5)
        assert _hear(workers, 1) == [(0, Reported(0, 0, 0, {"val_acc": 0.0}))]
        grandchild = int((workplace / "0" / "grandchild").read_text(encoding="utf-8"))
        assert not gone(grandchild)
        os.kill(worker.process.pid, signal.SIGKILL)
        assert _hear(workers, 1) == [(0, Died(-signal.SIGKILL))]
        until(lambda: gone(grandchild))


@pytest.mark.parametrize("everybody", [True, False])
def test_a_killed_worker_takes_along_what_its_trial_started(pool: MakePool, workplace: Path, everybody: bool) -> None:
    with pool("toy:with_grandchild") as workers:
        worker = workers.start(0)
        _hear(workers, 1)
        _run(worker, workplace, x=0.5)
        path = workplace / "0" / "grandchild"
        until(lambda: path.exists() and path.read_text(encoding="utf-8"))
        heard = list(_hear(workers, 1))
        heard += [(0, message) for _, message in workers.kill_all()] if everybody else []
        heard += [(0, message) for message in ([] if everybody else workers.kill(worker))]
        assert heard == [(0, Reported(0, 0, 0, {"val_acc": 0.0}))]
        assert not workers.workers
        assert worker.process.returncode == -signal.SIGKILL
        until(lambda: gone(int(path.read_text(encoding="utf-8"))))


def test_what_a_worker_said_before_it_was_killed_still_counts(pool: MakePool, workplace: Path) -> None:
    with pool("toy:nothing") as workers:
        worker = workers.start(0)
        _hear(workers, 1)
        _run(worker, workplace, x=0.5)
        until(lambda: select.select([worker.channel], [], [], 0)[0])
        assert workers.kill(worker) == [Ended(0, 0, TrialState.COMPLETE, {"val_acc": 0.5})]


def test_a_worker_stuck_in_c_code_does_not_hold_up_the_end_of_the_pool(
    pool: MakePool, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("morphogenetic_engine.sweeps.run.workers.pool._LEAVE_SECONDS", 0.1)
    with pool("toy:moody") as workers:
        worker = workers.start(0)
        _hear(workers, 1)
        _run(worker, workplace, mood="stuck_in_c")
    assert worker.process.returncode == -signal.SIGKILL


def test_a_pool_wakes_up_for_a_descriptor_and_drains_it(pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("morphogenetic_engine.sweeps.run.workers.pool._TICK_SECONDS", 3600)
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    with (
        pool("toy:nothing", read_end) as workers,
        os.fdopen(read_end, "rb") as reader,
        os.fdopen(write_end, "wb") as writer,
    ):
        writer.write(b"!!")
        writer.flush()
        begun = time.monotonic()
        assert workers.poll(begun + 3600) == []
        assert time.monotonic() - begun < DEADLINE_SECONDS
        assert reader.read() is None


def test_poll_waits_no_longer_than_it_may(pool: MakePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("morphogenetic_engine.sweeps.run.workers.pool._TICK_SECONDS", 3600)
    with pool("toy:nothing") as workers:
        begun = time.monotonic()
        assert workers.poll(begun - 1) == []
        assert time.monotonic() - begun < DEADLINE_SECONDS


def test_workers_have_a_process_group_and_an_environment_of_their_own(pool: MakePool) -> None:
    with pool("toy:nothing") as workers:
        worker = workers.start(0)
        assert os.getpgid(worker.process.pid) == worker.process.pid != os.getpgid(0)
        _hear(workers, 1)
        assert psutil.Process(worker.process.pid).environ()["OMP_NUM_THREADS"] == "1"


def test_nothing_is_left_of_a_pool(pool: MakePool) -> None:
    descriptors = len(os.listdir("/dev/fd"))
    children = set(psutil.Process().children(recursive=True))
    with pool("toy:nothing") as workers:
        for number in range(2):
            workers.start(number)
        workers.kill(workers.workers[0])
        assert len(set(psutil.Process().children()) - children) == 2, "one worker and the reaper"
    assert set(psutil.Process().children(recursive=True)) == children
    assert len(os.listdir("/dev/fd")) == descriptors


COORDINATOR = """
import sys, time
from pathlib import Path
from morphogenetic_engine.sweeps.run.messages import TrialTask
from morphogenetic_engine.sweeps.run.workers.pool import WorkerPool
from morphogenetic_engine.sweeps.run.workers.worker import WorkerSetup
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload
place = Path.cwd()
setup = WorkerSetup(FunctionWorkload(f"toy:{sys.argv[1]}"), ["val_acc"], [], place, {}, place / "workers.log")
pool = WorkerPool(setup)
worker = pool.start(0)
while not pool.poll(None):
    pass
if sys.argv[2] != "idle":
    task = TrialTask(0, 0, seed=1, params={"mood": sys.argv[2]}, dir=place / "0", objectives=["val_acc"])
    worker.assign([task])
print(worker.process.pid, flush=True)
time.sleep(3600)
"""


@pytest.mark.parametrize(("workload", "mood"), [("nothing", "idle"), ("moody", "stuck_in_c"), ("with_grandchild", "")])
def test_when_the_coordinator_is_killed_its_workers_and_what_they_started_go_too(
    workplace: Path, workload: str, mood: str
) -> None:
    command = [sys.executable, "-c", COORDINATOR, workload, mood]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=workplace) as coordinator:
        assert coordinator.stdout is not None
        pids = [int(coordinator.stdout.readline())]
        if workload == "with_grandchild":
            path = workplace / "0" / "grandchild"
            until(lambda: path.exists() and path.read_text(encoding="utf-8"))
            pids.append(int(path.read_text(encoding="utf-8")))
        assert not any(map(gone, pids))
        coordinator.kill()
    until(lambda: all(map(gone, pids)))
