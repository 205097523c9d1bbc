"""Workers, machines and schedulers that are lost: attempts that end with that reason, and nothing that runs twice."""

from __future__ import annotations

import gc
import pickle
import signal
import socket
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine import __version__
from morphogenetic_engine.backends.dask import dask_executor
from morphogenetic_engine.backends.dask.host_messages import HostOrder
from morphogenetic_engine.backends.dask.worker_host import refusal
from morphogenetic_engine.errors import ClusterError, FailureReason, WorkloadError
from morphogenetic_engine.sweeps.record.events import AttemptFailed, Event, Outcome, TrialReported, TrialStarted
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.workers.worker import WorkerSetup
from morphogenetic_engine.sweeps.run.workers.worker_places import describe_places
from morphogenetic_engine.workload.host_pass import HostPass
from morphogenetic_engine.workload.workload_kinds import FunctionWorkload
from tests.backends.dask.dask_cluster import DaskCluster, dask_cluster
from tests.conftest import StartSweep
from tests.tables import steady_rows

TRAINS = """
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.2}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 8, lookahead: 2}
"""


def test_a_worker_that_is_killed_with_its_machine_is_a_lost_attempt_that_is_tried_again(
    cluster: DaskCluster, start: StartSweep
) -> None:
    local, elsewhere = start(TRAINS), start(TRAINS + cluster.section(4))
    run_sweep(local)
    victims = list(cluster.workers)

    def kill(event: Event) -> None:
        if isinstance(event, TrialReported) and event.trial >= 3 and victims:
            for victim in victims:
                victim.kill()
            victims.clear()
            for _ in range(2):
                cluster.add_worker()

    assert run_sweep(elsewhere, observers=[kill]) is Outcome.FINISHED
    assert steady_rows(elsewhere) == steady_rows(local)
    events = list(read_events(elsewhere.journal))
    starts = [(event.trial, event.attempt) for event in events if isinstance(event, TrialStarted)]
    assert len(starts) == len(set(starts))
    lost = [event for event in events if isinstance(event, AttemptFailed)]
    assert lost and all(event.reason is FailureReason.KILLED for event in lost)
    assert all(event.message.startswith("the worker process was lost: its Dask worker has ended (") for event in lost)


def test_a_worker_that_is_told_to_end_before_its_machine_is_lost_with_it(tmp_path: Path, start: StartSweep) -> None:
    local = start(TRAINS)
    run_sweep(local)
    with dask_cluster(tmp_path, 1) as one:
        elsewhere = start(TRAINS + one.section(1))
        victims = one.workers[:1]

        def end(event: Event) -> None:
            if isinstance(event, TrialReported) and event.trial >= 3 and victims:
                host = victims.pop()
                for worker in psutil.Process(host.pid).children(recursive=True):
                    if any("worker_process" in word for word in worker.cmdline()):
                        worker.terminate()
                host.terminate()
                one.add_worker()

        assert run_sweep(elsewhere, observers=[end]) is Outcome.FINISHED
    assert steady_rows(elsewhere) == steady_rows(local)
    (lost,) = [event for event in read_events(elsewhere.journal) if isinstance(event, AttemptFailed)]
    assert lost.message.startswith("the worker process was lost: its Dask worker has ended (")


def test_a_lost_worker_is_noticed_also_where_no_other_can_take_its_place(tmp_path: Path, start: StartSweep) -> None:
    trains = TRAINS.replace("n_trials: 8", "n_trials: 24")
    local = start(trains)
    run_sweep(local)
    with dask_cluster(tmp_path, 2) as small:
        elsewhere = start(trains + small.section(2))
        victims, begun = small.workers[:1], set[int]()

        def kill(event: Event) -> None:
            if isinstance(event, TrialStarted):
                begun.add(event.worker)
            if isinstance(event, TrialReported) and len(begun) == 2 and victims:
                victims.pop().kill()

        assert run_sweep(elsewhere, observers=[kill]) is Outcome.FINISHED
    assert steady_rows(elsewhere) == steady_rows(local)


def test_displays_are_told_on_which_host_each_worker_is(cluster: DaskCluster, start: StartSweep) -> None:
    folder = start(TRAINS + cluster.section(1))
    said: set[str] = set()
    run_sweep(folder, observers=[lambda event: said.add(describe_places(folder.path))])
    assert f"0 on {socket.gethostname()}" in said
    assert describe_places(folder.path) == ""  # it says nothing of a session that has ended


def test_a_worker_process_that_dies_is_told_as_on_one_machine(cluster: DaskCluster, start: StartSweep) -> None:
    text = 'experiment: {workload: "toy:moody"}\nparameters: {mood: [fine, crash_once, crash]}\n'
    folder = start(text + cluster.section(2).replace("crashes: 5", "crashes: 1"))
    assert run_sweep(folder) is Outcome.FINISHED
    fine, once, always = sorted(read_result(folder).trials, key=lambda trial: trial.number)
    assert fine.reason is None and once.reason is None and always.reason is FailureReason.KILLED
    assert "signal 9" in always.message


def test_a_trial_that_takes_too_long_is_killed(cluster: DaskCluster, start: StartSweep) -> None:
    text = 'experiment: {workload: "toy:quadratic", seconds: 600}\nparameters: {x: [0.1]}\n'
    section = cluster.section(1).replace("{executor", "{timeout_per_trial: 1, executor")
    folder = start(text + section)
    assert run_sweep(folder) is Outcome.FINISHED
    (trial,) = read_result(folder).trials
    assert trial.reason is FailureReason.TIMEOUT and len(trial.curve) == 3


def test_a_workload_that_cannot_be_loaded_is_told_as_on_one_machine(cluster: DaskCluster, start: StartSweep) -> None:
    text = 'experiment: {workload: "toy:nowhere"}\nparameters: {x: [0.1]}\n'
    with pytest.raises(WorkloadError, match=r"toy.*nowhere"):
        run_sweep(start(text + cluster.section(1)))


# A connection that Dask was making to a scheduler that is killed is left to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_lost_scheduler_ends_the_session_and_the_sweep_goes_on_with_another(
    tmp_path_factory: pytest.TempPathFactory, start: StartSweep
) -> None:
    local = start(TRAINS)
    run_sweep(local)
    with dask_cluster(tmp_path_factory.mktemp("first"), 2) as first:
        elsewhere = start(TRAINS + first.section(2))

        def kill(event: Event) -> None:
            if isinstance(event, TrialReported) and event.trial >= 3 and first.scheduler.poll() is None:
                first.scheduler.send_signal(signal.SIGKILL)

        with pytest.raises(ClusterError, match=r"scheduler at tls://.* is gone; resume the sweep"):
            run_sweep(elsewhere, observers=[kill])
    gc.collect()
    info = elsewhere.read_info()
    execution = info.config.execution.model_copy(update={"executor": "local", "max_parallel": 2})
    elsewhere.write_info(info.model_copy(update={"config": info.config.model_copy(update={"execution": execution})}))
    assert run_sweep(elsewhere) is Outcome.FINISHED
    assert steady_rows(elsewhere) == steady_rows(local)


def test_a_scheduler_that_is_not_there_is_told(start: StartSweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("morphogenetic_engine.backends.dask.clusters.CONNECT_SECONDS", 1)
    text = "execution: {executor: dask, dask: {scheduler: 'tcp://127.0.0.1:1', workers: 1, insecure: true}}\n"
    with pytest.raises(ClusterError, match=r"dask.scheduler: tcp://127.0.0.1:1 cannot be reached"):
        run_sweep(start(TRAINS + text))


def test_another_version_of_the_package_is_told_in_words(
    cluster: DaskCluster, start: StartSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_executor, "__version__", "0.0.1")
    with pytest.raises(ClusterError, match=rf"has morphogenetic-engine {__version__}, but the sweep runs with 0.0.1"):
        run_sweep(start(TRAINS + cluster.section(1)))


def test_a_folder_that_is_not_shared_is_told(tmp_path: Path) -> None:
    setup = WorkerSetup(FunctionWorkload("toy:quadratic"), [], [], tmp_path / "nowhere", {}, tmp_path / "log")
    mark = tmp_path / "dask" / "hosts" / "mark"
    mark.parent.mkdir(parents=True)
    order = HostOrder("key", "topic", True, 0, __version__, HostPass(mark), pickle.dumps(setup))
    assert f"does not see the sweep's folder {tmp_path}" in refusal(order)
    mark.write_text("of another folder", encoding="ascii")
    assert f"has another folder at {tmp_path}" in refusal(order)
    mark.write_text("mark", encoding="ascii")
    assert f"does not see the directory {tmp_path / 'nowhere'}" in refusal(order)
    there = replace(setup, working_directory=tmp_path)
    assert refusal(replace(order, setup=pickle.dumps(there))) == ""
