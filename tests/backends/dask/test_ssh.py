"""Sweeps over SSH, with a real server on this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from morphogenetic_engine.backends.dask.host_process import MODULE
from morphogenetic_engine.errors import ClusterError
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.kill_rounds import processes_in
from tests.cli.conftest import Command
from tests.conftest import StartSweep
from tests.faults.fault_round import session
from tests.tables import steady_rows
from tests.waiting import until

pytestmark = pytest.mark.slow

SWEEP = """
sweep_type: random
experiment: {workload: "toy:quadratic"}
parameters: {x: {low: 0.0, high: 1.0}}
optimization: {n_trials: 6, lookahead: 2}
"""


def test_a_sweep_over_ssh_has_the_local_table(ssh_config: Path, start: StartSweep) -> None:
    local = start(SWEEP + "execution: {max_parallel: 2}\n")
    run_sweep(local)
    hosts = f"execution: {{executor: dask, dask: {{ssh: [node1, node2], interface: lo, ssh_config: {ssh_config}}}}}\n"
    elsewhere = start(SWEEP + hosts)
    assert run_sweep(elsewhere) is Outcome.FINISHED
    assert steady_rows(elsewhere) == steady_rows(local)
    until(lambda: str(elsewhere.path) not in _command_lines(), "the end of the workers")


def test_sweep_stop_ends_the_workers_over_ssh_and_the_sweep_goes_on(
    ssh_config: Path, workplace: Path, start: StartSweep, command: Command
) -> None:
    text = SWEEP.replace('"toy:quadratic"', '"toy:quadratic", seconds: 0.3')
    local = start(text)
    run_sweep(local)
    hosts = f"execution: {{executor: dask, dask: {{ssh: [node1, node2], interface: lo, ssh_config: {ssh_config}}}}}\n"
    sweep = SweepFolder(start(text + hosts).path.absolute())
    with session(sweep) as process:
        until(lambda: sweep.journal.exists() and b'"trial_ended"' in sweep.journal.read_bytes(), "a trial")
        ran = command("sweep", "stop", "--sweep-id", sweep.sweep_id, "--results", str(sweep.path.parent))
        assert ran.status == 0 and process.wait() == 130
    until(lambda: not processes_in(workplace, MODULE) and not processes_in(workplace, "worker_process"), "their end")
    assert run_sweep(sweep) is Outcome.FINISHED
    assert steady_rows(sweep) == steady_rows(local)


def test_a_host_without_the_package_is_told_with_what_it_said(ssh_config: Path, start: StartSweep) -> None:
    wrong = f"dask: {{ssh: [node1], interface: lo, python: /no/python, ssh_config: {ssh_config}}}"
    with pytest.raises(ClusterError, match=r"workers on node1 end before they reach the scheduler .*/no/python"):
        run_sweep(start(f"{SWEEP}execution: {{executor: dask, {wrong}}}\n"))


def test_a_host_that_is_unknown_is_told(ssh_config: Path, start: StartSweep) -> None:
    wrong = f"dask: {{ssh: [no-such-host.invalid], interface: lo, ssh_config: {ssh_config}}}"
    with pytest.raises(ClusterError, match=r"workers on no-such-host.invalid end before .*exit status 255"):
        run_sweep(start(f"{SWEEP}execution: {{executor: dask, {wrong}}}\n"))


def _command_lines() -> str:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True, env={**os.environ}).stdout
