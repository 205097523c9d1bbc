"""The coordinator's side of the process reaper: a killed reaper is replaced without effect on the sweep."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil

from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialReported, TrialState
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.workers.reaper_client import ProcessReaper
from tests.conftest import StartSweep
from tests.waiting import DEADLINE_SECONDS, until

SLEEP = [sys.executable, "-c", "import time; time.sleep(3600)"]


def _reapers() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [each for each in children if "process_reaper" in " ".join(each.cmdline())]


def _kill_reaper() -> None:
    until(lambda: len(_reapers()) == 1)  # a process that has just begun may not have its command line yet
    (reaper,) = _reapers()
    reaper.send_signal(signal.SIGKILL)
    until(lambda: reaper.status() == psutil.STATUS_ZOMBIE)


def test_a_replaced_reaper_knows_the_groups_of_the_one_before() -> None:
    with subprocess.Popen(SLEEP, start_new_session=True) as left:
        reaper = ProcessReaper()
        reaper.add(left.pid)
        _kill_reaper()
        reaper.add(os.getpid())
        reaper.remove(os.getpid())
        reaper.revive()
        reaper.close()
        assert left.wait(DEADLINE_SECONDS) == -signal.SIGKILL


def test_a_reaper_that_was_killed_last_of_all_ends_in_peace() -> None:
    reaper = ProcessReaper()
    _kill_reaper()
    reaper.close()
    assert not _reapers()


def test_a_sweep_whose_reaper_is_killed_finishes(start: StartSweep) -> None:
    folder = start('experiment: {workload: "toy:quadratic"}\nparameters: {x: [0.1, 0.2, 0.3, 0.4]}')
    killed: list[int] = []

    def kill(event: Event) -> None:
        if isinstance(event, TrialReported) and not killed:
            killed.append(event.trial)
            _kill_reaper()

    assert run_sweep(folder, observers=[kill]) is Outcome.FINISHED
    assert killed and read_result(folder).counts[TrialState.COMPLETE] == 4
    assert not _reapers()
