"""The fault driver: rounds of one or two faults at random moments, each followed by what has to be true.

    python -m tests.faults.rounds --rounds 1000 --seed 0

prints how often each kind of fault was dealt, and every round that was not clean. A round is a function of its seed and
number, but for the moments at which the machine's load lets a fault strike.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from morphogenetic_engine.errors import SweepError
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.record.events import TrialEnded
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.record.journal_file.repair import repair_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from tests.faults.fault_round import SWEEP, TRIALS, Round, grown, send, session, strike
from tests.tables import steady_rows
from tests.waiting import DEADLINE_SECONDS


def _kill(*victims: str) -> Callable[[Round], None]:
    def fault(this: Round) -> None:
        def deal(process: subprocess.Popen[bytes], members: dict[str, list[psutil.Process]]) -> None:
            for victim in victims:
                if victim == "coordinator":
                    send(process, signal.SIGKILL)
                elif members[victim]:
                    send(this.chance.choice(members[victim]), signal.SIGKILL)

        strike(this, deal, *([-signal.SIGKILL] if "coordinator" in victims else []))

    return fault


def _told(what: signal.Signals, *, twice: bool = False) -> Callable[[Round], None]:
    def fault(this: Round) -> None:
        def deal(process: subprocess.Popen[bytes], _members: dict[str, list[psutil.Process]]) -> None:
            for _ in range(1 + twice):
                send(process, what)

        # A signal before Python's handlers are there ends the process as the system does.
        strike(this, deal, 130, -what)

    return fault


def _stopped(victim: str) -> Callable[[Round], None]:
    def fault(this: Round) -> None:
        def deal(process: subprocess.Popen[bytes], members: dict[str, list[psutil.Process]]) -> None:
            some = process if victim == "coordinator" else next(iter(members[victim]), None)
            if some is not None:
                send(some, signal.SIGSTOP)
                time.sleep(this.chance.uniform(0.05, 0.5))
                send(some, signal.SIGCONT)

        strike(this, deal)

    return fault


def _full_disk(this: Round) -> None:
    def deal(process: subprocess.Popen[bytes], members: dict[str, list[psutil.Process]]) -> None:
        size = max((path.stat().st_size for path in this.folder.path.glob("*") if path.is_file()), default=0)
        for pid in (process.pid, *(worker.pid for worker in members["worker"])):
            with suppress(ProcessLookupError, PermissionError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + 300, resource.RLIM_INFINITY))

    strike(this, deal, 2)


def _few_files(this: Round) -> None:
    def deal(process: subprocess.Popen[bytes], members: dict[str, list[psutil.Process]]) -> None:
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1]
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (psutil.Process(process.pid).num_fds() + 1, hard))
            for worker in members["worker"]:
                worker.kill()

    strike(this, deal, 2)


def _blocked_folder(this: Round) -> None:
    number = this.chance.randrange(TRIALS)
    obstacle = this.folder.trial(number)
    if obstacle.exists():
        return
    obstacle.write_text("in the way", encoding="utf-8")
    with session(this.folder) as process:
        said = this.end(process, 2, 0)
    this.check("cannot be written" in said or process.returncode == 0, f"not told: {said[-300:]}")
    obstacle.unlink()


def _read_only(this: Round) -> None:
    """Takes the permission to write, which stops everybody but root."""
    this.folder.path.chmod(0o555)
    try:
        with session(this.folder) as process:
            this.end(process, 0, 2)
    finally:
        this.folder.path.chmod(0o755)


def _two_resumes(this: Round) -> None:
    with session(this.folder) as one:
        grown(this, one)
        with session(this.folder) as other:
            said = this.end(other, 0, 2)
            this.check(other.returncode == 0 or "is being run by" in said, f"not told: {said[-300:]}")
        this.end(one, 0)


def _deleted_lock(this: Round) -> None:
    with session(this.folder) as one:
        grown(this, one)
        running = one.poll() is None
        with suppress(FileNotFoundError):
            this.folder.journal.with_suffix(".lock").unlink()
        with session(this.folder) as other:
            said = this.end(other, 0, 2)
        this.check(other.returncode == 0 or "is being run by" in said or not running, f"not told: {said[-300:]}")
        this.end(one, 0)


def _copy_what_is_there(source: str, target: str) -> None:
    """Copies a file, unless the sweep has removed it meanwhile."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)


def _copied(this: Round) -> None:
    """Copies the folder while it runs; the copy is a sweep of its own, with the same results."""
    with session(this.folder) as process:
        grown(this, process)
        place = this.folder.path.with_name("copy")
        shutil.copytree(this.folder.path, place, copy_function=_copy_what_is_there)
        this.end(process, 0)
    copy = SweepFolder(place)
    with session(copy) as process:
        this.end(process, 0)
    with suppress(SweepError):
        this.check(len(steady_rows(copy)) == TRIALS, "the copy has other trials")
    shutil.rmtree(place)


def _deleted_journal(this: Round) -> None:
    def deal(_process: subprocess.Popen[bytes], _members: dict[str, list[psutil.Process]]) -> None:
        with suppress(FileNotFoundError):
            this.folder.journal.unlink()

    before = _rows(this.folder)
    strike(this, deal, 2)
    kept = [row for each in (this.folder, *_set_aside(this.folder)) for row in _rows(each)]
    this.check(all(row in kept for row in before), "trials.csv was written over")
    repair_sweep(this.folder)
    this.repaired = True


def _rows(folder: SweepFolder) -> list[dict[str, str]]:
    return steady_rows(folder) if folder.table.exists() else []


def _set_aside(folder: SweepFolder) -> list[SweepFolder]:
    """Returns what repairs have set aside: trials whose lines were damaged run again, and leave the table meanwhile."""
    return [SweepFolder(each) for each in folder.path.glob("before-repair-*")]


def _torn(this: Round) -> None:
    """Cuts the journal within its last lines, as a power cut may."""
    _kill("coordinator")(this)
    content = this.folder.journal.read_bytes()
    this.folder.journal.write_bytes(content[: len(content) - this.chance.randint(0, min(400, len(content)))])
    this.repaired = True


def _flipped(this: Round) -> None:
    """Changes a bit of the journal: noticed, repaired, and what may be incomplete runs again."""
    _kill("coordinator")(this)
    content = bytearray(this.folder.journal.read_bytes())
    content[this.chance.randrange(len(content))] ^= 1 << this.chance.randrange(8)
    this.folder.journal.write_bytes(content)
    with session(this.folder) as process:
        said = this.end(process, 0, 2)
    # The end of a torn last line is cut off, and may have been the place.
    this.check(process.returncode == 0 or "sweep repair" in said, f"not told: {said[-300:]}")
    repair_sweep(this.folder)
    this.repaired = True


KINDS: dict[str, Callable[[Round], None]] = {
    "worker killed": _kill("worker"),
    "coordinator killed": _kill("coordinator"),
    "reaper killed": _kill("reaper"),
    "worker and coordinator killed": _kill("worker", "coordinator"),
    "reaper and coordinator killed": _kill("reaper", "coordinator"),
    "reaper and worker killed": _kill("reaper", "worker"),
    "worker stopped for a while": _stopped("worker"),
    "coordinator stopped for a while": _stopped("coordinator"),
    "reaper stopped for a while": _stopped("reaper"),
    "SIGINT": _told(signal.SIGINT),
    "SIGTERM": _told(signal.SIGTERM),
    "SIGINT twice": _told(signal.SIGINT, twice=True),
    "files may not grow": _full_disk,
    "no more open files": _few_files,
    "trial folder blocked": _blocked_folder,
    "folder read-only": _read_only,
    "two resumes": _two_resumes,
    "lock deleted": _deleted_lock,
    "copied while it runs": _copied,
    "journal deleted": _deleted_journal,
    "journal torn": _torn,
    "journal changed": _flipped,
}


def new_sweep_at(place: Path) -> SweepFolder:
    """Makes the sweep of a round in an empty folder, which becomes the current directory."""
    shutil.copy(Path(__file__).parents[1] / "toy.py", place / "toy.py")
    (place / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    os.chdir(place)
    return start_sweep(read_config(Path("sweep.yaml")), results=place, sweep_id="s")


def run_round(place: Path, name: str, calm: list[dict[str, str]], kinds: list[str] | None = None) -> Round:
    """Deals one or two faults, resumes the sweep to its end, and checks the result."""
    chance = random.Random(name)
    this = Round(new_sweep_at(place), chance)
    for kind in kinds or chance.choices(list(KINDS), k=chance.randint(1, 2)):
        this.faults.append(kind)
        KINDS[kind](this)
    with session(this.folder) as process:
        this.end(process, 0)
    this.check(steady_rows(this.folder) == calm, "the table is not that of an undisturbed sweep")
    ends = Counter(event.trial for event in read_events(this.folder.journal) if isinstance(event, TrialEnded))
    this.check(set(ends) == set(range(TRIALS)), "a trial was lost")
    this.check(this.repaired or set(ends.values()) == {1}, "a trial ended twice")
    this.check(not list(this.folder.path.glob(".*.part")), "a temporary file was left")
    return this


def calm_table(place: Path) -> list[dict[str, str]]:
    """Returns the table of a sweep that nothing disturbs."""
    folder = new_sweep_at(place)
    with session(folder) as process:
        assert process.wait(DEADLINE_SECONDS) == 0
    return steady_rows(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--minutes", type=float, default=1e9)
    options = parser.parse_args()
    home, dealt, clean, done = Path.cwd(), Counter[str](), 0, 0
    deadline = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as place:
        calm = calm_table(Path(place))
        os.chdir(home)
    for number in range(options.rounds):
        if time.monotonic() > deadline:
            break
        with tempfile.TemporaryDirectory() as place:
            this = run_round(Path(place), f"{options.seed} {number}", calm)
            os.chdir(home)
        done += 1
        dealt.update(this.faults)
        clean += not this.wrong
        for each in this.wrong:
            print(f"round {number}: {each}", flush=True)
        if done % 50 == 0:
            print(f"{clean} of {done} rounds clean so far", flush=True)
    for kind in KINDS:
        print(f"{dealt[kind]:5}  {kind}")
    print(f"{clean} of {done} rounds clean")


if __name__ == "__main__":
    main()
