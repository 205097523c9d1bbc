"""A Dask cluster that a sweep starts on this machine: nothing of it is left after any end."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.conftest import StartSweep
from tests.faults.fault_round import session
from tests.tables import steady_rows
from tests.waiting import until

SWEEP = """
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.3}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 10, lookahead: 2}
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_after_any_end_and_the_sweep_goes_on(
    start: StartSweep, workplace: Path, end: signal.Signals
) -> None:
    local = start(SWEEP + "execution: {max_parallel: 2}\n")
    run_sweep(local)
    sweep = SweepFolder(start(SWEEP + "execution: {executor: dask, dask: {workers: 2}}\n").path.absolute())
    with session(sweep) as process:
        until(lambda: "trial_ended" in _journal(sweep) or process.poll() is not None, "a trial")
        process.send_signal(end)
        assert process.wait() == (130 if end is signal.SIGINT else -signal.SIGKILL)
    until(lambda: not _left(workplace), "the end of the workers")
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == steady_rows(local)
    assert not list((sweep.path / "dask").glob(".keys-*")) and not list((sweep.path / "dask").glob("hosts/*"))


def _journal(sweep: SweepFolder) -> str:
    return sweep.journal.read_text(encoding="utf-8") if sweep.journal.exists() else ""


def _left(folder: Path) -> list[psutil.Process]:
    """Returns the processes that work in a folder, apart from this one."""
    others = (each for each in psutil.process_iter() if each.pid != psutil.Process().pid)
    return [each for each in others if _works_in(each, folder)]


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
