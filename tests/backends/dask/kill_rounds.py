"""Kills at random moments of a sweep on other machines, and what has to be true of the sweep afterwards."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from morphogenetic_engine.sweeps.record.events import Outcome, TrialEnded, TrialStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.faults.fault_round import session
from tests.tables import steady_rows
from tests.waiting import until

KILLS = int(os.environ.get("CLUSTER_KILLS", "6"))
SEED = int(os.environ.get("FAULT_SEED", "0"))
WORKLOAD = """
import time, uuid

def train(params, trial):
    run = uuid.uuid4().hex
    value = -((float(params["x"]) - 0.3) ** 2) + trial.seed % 1000 / 1e6
    for step in range(6):
        with (trial.dir / "runs").open("a") as file:
            print(run, file=file)
        trial.report(step, {"val_acc": value * (6 - step)})
        time.sleep(params["seconds"])
    return {"val_acc": value}
"""
SWEEP = f"""
sweep_type: random
experiment: {{workload: "witnessed:train", seconds: 0.05}}
parameters: {{x: {{low: 0.0, high: 1.0}}, kind: [a, b]}}
optimization: {{n_trials: {10 + 3 * KILLS}, lookahead: 2}}
"""


_BEFORE_IT_BEGAN = (-signal.SIGINT, -signal.SIGTERM)
"""How a session ends by a signal that comes before it takes signals."""
Kill = Callable[[], bool]
"""Kills something; returns False if there was nothing to kill."""


def _run_with_kills(sweep: SweepFolder, chance: random.Random, victims: Mapping[str, Kill]) -> Counter[str]:
    """Runs sessions of a sweep, kills one of `victims` or the coordinator again and again, and counts the kills."""
    dealt: Counter[str] = Counter()
    while dealt.total() < KILLS:
        with session(sweep) as process:
            while dealt.total() < KILLS and _progress(sweep, process, chance):
                kind = chance.choice(["coordinator", *victims])
                if kind == "coordinator":
                    process.send_signal(chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
                    dealt[kind] += 1
                    break
                dealt[kind] += victims[kind]()
            else:
                if process.poll() is None:
                    process.kill()
            said = process.communicate()[1].decode(errors="replace")
            if process.returncode not in _BEFORE_IT_BEGAN:
                assert "Traceback" not in said and said.count("\n") <= 1, said
                assert process.returncode in (0, 2, 130, -signal.SIGKILL), said
                assert process.returncode != 2 or "resume the sweep" in said, said
            if process.returncode == 0:
                return dealt
    return dealt


def killed_to_the_end(cluster: str, sweep: SweepFolder, chance: random.Random, victims: Mapping[str, Kill]) -> None:
    """Kills as often as is asked for, prints what was killed, and lets the sweep end."""
    dealt = _run_with_kills(sweep, chance, victims)
    print(f"{cluster}, seed {SEED}: {dict(dealt)}")
    assert run_sweep(sweep) is Outcome.FINISHED
    assert dealt.total() == KILLS


def assert_exact(sweep: SweepFolder, local: SweepFolder) -> None:
    """Checks that no trial was lost, that none ran twice, and that the table is the local one."""
    events = list(read_events(sweep.journal))
    ends = Counter(event.trial for event in events if isinstance(event, TrialEnded))
    starts = Counter((event.trial, event.attempt) for event in events if isinstance(event, TrialStarted))
    assert steady_rows(sweep) == steady_rows(local)
    assert set(ends) == set(range(len(steady_rows(local)))) and set(ends.values()) == {1}
    assert set(starts.values()) == {1}
    attempts = Counter(trial for trial, _ in starts)
    for trial in ends:
        runs = (sweep.trial(trial) / "runs").read_text(encoding="ascii").split()
        blocks = [run for run, _ in itertools.groupby(runs)]
        assert len(blocks) == len(set(blocks)), f"two processes ran trial {trial} at once: {runs}"
        assert len(blocks) <= attempts[trial]


def processes_in(folder: Path, program: str) -> list[psutil.Process]:
    """Returns the processes of a program that work in a folder."""
    return [each for each in psutil.process_iter() if _is(each, folder, program)]


def kill_one(folder: Path, program: str, chance: random.Random) -> bool:
    """Kills a process of a program that works in a folder; returns whether there was one."""
    found = processes_in(folder, program)
    if not found:
        return False
    with suppress(psutil.NoSuchProcess):
        chance.choice(found).kill()
    return True


def signal_each(processes: Iterable[psutil.Process], number: int) -> None:
    """Sends a signal to processes; some may have ended."""
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(number)


def _progress(sweep: SweepFolder, process: subprocess.Popen[bytes], chance: random.Random) -> bool:
    """Waits until the journal has grown by a random number of lines; returns False if the session has ended."""
    wanted = _lines(sweep) + chance.randint(1, 24)
    until(lambda: _lines(sweep) >= wanted or process.poll() is not None, "progress")
    return process.poll() is None


def _lines(sweep: SweepFolder) -> int:
    return sweep.journal.read_bytes().count(b"\n") if sweep.journal.exists() else 0


def _is(process: psutil.Process, folder: Path, program: str) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder) and program in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
