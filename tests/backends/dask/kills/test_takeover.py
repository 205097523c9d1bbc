"""A coordinator that was killed and is resumed at once, and hosts that do not notice it: one process trains a trial."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine.backends import earlier_hosts
from morphogenetic_engine.backends.dask.host_passes import HostPasses
from morphogenetic_engine.monitor.display import place_lines
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.workload.host_pass import FOLDER, PRESENT, HostPass
from tests.backends.dask.dask_cluster import DaskCluster, dask_cluster
from tests.backends.dask.kill_rounds import signal_each
from tests.conftest import StartSweep
from tests.faults.fault_round import session
from tests.waiting import gone, until

WORKLOAD = """
import os, time

def train(params, trial):
    for step in range(150):
        with (trial.dir / "runs").open("a") as file:
            print(os.getpid(), file=file)
        trial.report(step, {"val_acc": 0.5})
        time.sleep(0.02)
    return {"val_acc": 0.5}
"""
SWEEP = """
sweep_type: random
experiment: {workload: "writes:train"}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 1}
"""


@pytest.fixture(name="one")
def cluster_of_one_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), 1) as cluster:
        yield cluster


@pytest.fixture(name="sweep")
def started_sweep(one: DaskCluster, workplace: Path, start: StartSweep) -> SweepFolder:
    (workplace / "writes.py").write_text(WORKLOAD, encoding="utf-8")
    return SweepFolder(start(SWEEP + one.section(1)).path.absolute())


def test_a_host_that_was_stopped_when_its_coordinator_was_killed_is_waited_for_and_fenced(
    one: DaskCluster, sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_hosts, "LEASE_SECONDS", 3.0)
    monkeypatch.setattr(place_lines, "_LOOK_SECONDS", 0.05)
    with session(sweep) as killed:
        until(lambda: len(_runs(sweep)) > 5, "a trial that trains")
        old = _tree(one.workers[0].pid)
        signal_each(old, signal.SIGSTOP)
        killed.kill()
    written = len(_runs(sweep))
    one.add_worker()
    waited = threading.Event()
    told: list[str] = []

    def look(event: Event) -> None:
        if isinstance(event, TrialStarted):
            assert not _present(sweep), "a trial starts while a host of before may still train"
            waited.set()

    with place_lines.place_lines(sweep.path, told.append):
        assert run_sweep(sweep, observers=[look]) is Outcome.FINISHED
    assert waited.is_set()
    assert any(line.startswith("waiting  workers of an earlier session on ") for line in told) and len(told) == len(
        set(told)
    ), told
    signal_each(old, signal.SIGCONT)
    worker = _runs(sweep)[0]
    until(lambda: gone(worker), "the end of the worker that was stopped")
    assert _runs(sweep)[:written] == [worker] * written
    assert worker not in _runs(sweep)[written:]


def test_a_worker_whose_host_was_stopped_is_killed_before_its_trial_runs_again(
    one: DaskCluster, sweep: SweepFolder
) -> None:
    with session(sweep) as killed:
        until(lambda: len(_runs(sweep)) > 5, "a trial that trains")
        one.workers[0].send_signal(signal.SIGSTOP)
        killed.kill()
    one.add_worker()
    assert run_sweep(sweep) is Outcome.FINISHED
    assert len(list(itertools.groupby(_runs(sweep)))) == 2, "two processes wrote at once"
    one.workers[0].send_signal(signal.SIGCONT)


def test_a_trial_of_a_host_that_was_lost_waits_until_its_worker_is_gone(
    one: DaskCluster, sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old: list[psutil.Process] = []
    wait = HostPasses.wait_until_gone

    def lose(_event: Event) -> None:
        if len(_runs(sweep)) > 5 and not old:
            old.extend(_tree(one.workers[0].pid))
            signal_each(old[1:], signal.SIGSTOP)  # the worker and its reaper
            one.workers[0].kill()
            one.add_worker()

    def waiting(self: HostPasses, host: HostPass) -> None:
        starts = [event for event in read_events(sweep.journal) if isinstance(event, TrialStarted)]
        assert len(starts) == 1
        signal_each(old[1:], signal.SIGCONT)
        wait(self, host)

    monkeypatch.setattr(HostPasses, "wait_until_gone", waiting)
    assert run_sweep(sweep, observers=[lose]) is Outcome.FINISHED
    assert len(list(itertools.groupby(_runs(sweep)))) == 2, "two processes wrote at once"
    assert not list((sweep.path / FOLDER).iterdir())


def test_a_pass_that_was_withdrawn_lets_nobody_in(tmp_path: Path) -> None:
    passes = HostPasses(tmp_path)
    valid, withdrawn = passes.give(), passes.give()
    passes.withdraw(withdrawn)
    assert valid.enter("here") and valid.presence.read_text(encoding="utf-8") == "here"
    assert not withdrawn.enter("here") and not withdrawn.presence.exists()
    passes.close()
    assert not valid.is_valid()


def _runs(sweep: SweepFolder) -> list[int]:
    """Returns the processes that have written in the trial's folder, a line each."""
    file = sweep.trial(0) / "runs"
    return [int(line) for line in file.read_text(encoding="ascii").splitlines()] if file.exists() else []


def _present(sweep: SweepFolder) -> list[Path]:
    """Returns the files that say that an earlier host may train; the new one has written its own."""
    found = (sweep.path / FOLDER).glob(f"*{PRESENT}")
    return [file for file in found if not file.with_suffix("").exists()]


def _tree(pid: int) -> list[psutil.Process]:
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]
