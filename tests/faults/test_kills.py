"""SIGKILL at random moments: after a resume, the trial table is that of an undisturbed sweep.

`make test-all` kills a few times, `make test-faults` fifty times (SWEEP_FAULTS=50).
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from morphogenetic_engine.sweeps.record.events import TrialEnded, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.tables import steady_rows
from tests.waiting import DEADLINE_SECONDS, gone, until

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("SWEEP_FAULTS", "4"))

SWEEP = """
sweep_type: random
experiment: {workload: "toy:quadratic", seconds: 0.005}
parameters: {x: {type: float, low: 0, high: 1}, kind: [a, b, 1, 0.5]}
execution: {max_parallel: 3, retries: {crashes: 1000}}
optimization: {n_trials: 40}
"""


@pytest.fixture(scope="module", name="undisturbed")
def undisturbed_table(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    place = tmp_path_factory.mktemp("undisturbed")
    toy = Path(__file__).parents[1] / "toy.py"
    (place / "toy.py").write_text(toy.read_text(encoding="utf-8"), encoding="utf-8")
    (place / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    with running("run", "--config", "sweep.yaml", "--sweep-id", "calm", place=place) as process:
        assert process.wait(DEADLINE_SECONDS) == 0
    return steady_rows(SweepFolder(place / "results/sweeps/calm"))


@pytest.mark.faults
@pytest.mark.parametrize("victim", ["worker", "coordinator", "both"])
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_killed_anywhere_and_resumed_the_table_is_that_of_an_undisturbed_sweep(
    start: Callable[[str], SweepFolder], undisturbed: list[dict[str, str]], victim: str, round_number: int
) -> None:
    chance = random.Random(f"{victim} {round_number}")
    folder = start(SWEEP)
    # A few kills in a row, each at another length of the journal; then the sweep is left in peace.
    for _ in range(chance.randint(1, 3)):
        strike(folder, victim, chance)
    with resumed(folder) as process:
        assert process.wait(DEADLINE_SECONDS) == 0
    assert steady_rows(folder) == undisturbed
    ends = Counter(event.trial for event in read_events(folder.journal) if isinstance(event, TrialEnded))
    assert ends == Counter(range(40))


@pytest.mark.parametrize(("workload", "running_lines"), [("moody", 2), ("with_grandchild", 3)])
def test_nothing_outlives_a_killed_coordinator(
    start: Callable[[str], SweepFolder], workload: str, running_lines: int
) -> None:
    folder = start(f'experiment: {{workload: "toy:{workload}"}}\nparameters: {{mood: [stuck_in_c]}}')
    with resumed(folder) as process:
        until(lambda: lines(folder.journal) >= running_lines)
        members = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait(DEADLINE_SECONDS)
        until(lambda: all(gone(member.pid) for member in members))


def test_a_torn_last_line_is_repaired_on_resume(start: Callable[[str], SweepFolder]) -> None:
    folder = start(SWEEP.replace("n_trials: 40", "n_trials: 5"))
    run_sweep(folder)
    whole = folder.journal.read_bytes()
    last_end = whole.rindex(b'"event":"trial_ended"')
    folder.journal.write_bytes(whole[: last_end + 30])
    run_sweep(folder)
    result = read_result(folder)
    assert result.counts == {TrialState.COMPLETE: 5}
    assert sum(trial.attempt for trial in result.trials) == 1


@contextlib.contextmanager
def running(*arguments: str, place: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "morphogenetic_engine.cli.sweep", *arguments]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def resumed(folder: SweepFolder) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    return running(
        "resume", "--sweep-id", folder.sweep_id, "--results", str(folder.path.parent.absolute()), place=Path.cwd()
    )


def strike(folder: SweepFolder, victim: str, chance: random.Random) -> None:
    """Resumes the sweep, kills a process once the journal has grown by some random lines, and checks the rest."""
    grown = lines(folder.journal) + chance.randint(1, 120)
    with resumed(folder) as process:
        until(lambda: lines(folder.journal) >= grown or process.poll() is not None)
        members = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        kill(process, members, victim, chance)
        status = process.wait(DEADLINE_SECONDS)
        # It may have ended by itself before the kill.
        assert status == 0 or (status == -signal.SIGKILL and victim != "worker")
        if victim != "worker":
            until(lambda: all(gone(member.pid) for member in members))


def kill(process: subprocess.Popen[bytes], members: list[psutil.Process], victim: str, chance: random.Random) -> None:
    workers = [member for member in members if "worker_process" in " ".join(_command_line(member))]
    if victim in {"worker", "both"} and workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            chance.choice(workers).send_signal(signal.SIGKILL)
    if victim in {"coordinator", "both"}:
        process.kill()


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
