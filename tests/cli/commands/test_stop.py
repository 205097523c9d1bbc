"""`sweep stop` ends a sweep of this machine, and returns when it has ended."""

from __future__ import annotations

from pathlib import Path

from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result
from tests.cli.conftest import Command
from tests.conftest import StartSweep
from tests.faults.fault_round import session
from tests.waiting import until

SWEEP = 'experiment: {workload: "toy:quadratic", seconds: 3600}\nparameters: {x: [0.1, 0.2]}\n'


def test_a_sweep_that_runs_is_ended_and_can_go_on(command: Command, start: StartSweep) -> None:
    folder = SweepFolder(start(SWEEP).path.absolute())
    with session(folder) as process:
        until(lambda: folder.journal.exists() and "trial_reported" in folder.journal.read_text(), "a report")
        ran = command("sweep", "stop", "--sweep-id", folder.sweep_id, "--results", "results")
        assert (ran.status, ran.err) == (0, "")
        assert f"process {process.pid} ends it" in ran.out and ran.out.endswith(": ended\n")
        assert read_result(folder).outcome is Outcome.INTERRUPTED  # at once: the command has waited for it
        assert process.wait() == 130


def test_a_sweep_that_nobody_runs_is_told(command: Command, start: StartSweep) -> None:
    folder = start(SWEEP)
    ran = command("sweep", "stop", "--sweep-id", folder.sweep_id, "--results", "results")
    assert ran.status == 2 and "no process runs this sweep" in ran.err


def test_which_sweep_has_to_be_said(command: Command, workplace: Path) -> None:
    assert workplace.exists()
    ran = command("sweep", "stop")
    assert ran.status == 2 and "--sweep-id (a sweep of this machine) or --experiment (one on a cluster)" in ran.err
