"""Measures how much a live monitor slows its sweep, and how soon a page shows ten thousand trials.

The sweep runs in pairs, alternately with a monitor that has fifty viewers, and without one. The viewers stand for
other people's machines, so they have the lowest priority here. Other load on the machine
distorts a pair, so the quartiles of the ratios are reported beside the median, and also the monitor's processor
seconds, which other processes do not affect.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
from websockets.sync.client import connect

from benchmarks.figures import Figure
from benchmarks.tracking_overhead import (
    CORES,
    QUIET,
    WORKLOAD,
    busy_seconds,
    new_benchmark_sweep,
    own_seconds,
    write_sweep,
)
from morphogenetic_engine.monitor.access import access_of
from morphogenetic_engine.monitor.beside import Serving, shown
from morphogenetic_engine.monitor.listener import address_of, listen
from morphogenetic_engine.sweeps.record.events import (
    Event,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal_file.lines import lines_of
from morphogenetic_engine.sweeps.run.runner import run_sweep

VIEWERS = 50
PAIRS = 20
"""The number of undisturbed pairs to collect; at most twice as many are run."""
MANY = 10_000
_READY_SECONDS = 120.0
VIEWING = """
import asyncio, os, sys
from websockets.asyncio.client import connect
from morphogenetic_engine.sweeps.run.priority import lower_priority

async def view(uri):
    async with connect(uri, max_size=None, proxy=None) as socket:
        async for _ in socket:
            pass

async def main():
    await asyncio.gather(*(view(sys.argv[1]) for _ in range(int(sys.argv[2]))), return_exceptions=True)

lower_priority(os.getpid())
asyncio.run(main())
"""


@dataclass(frozen=True)
class Pair:
    """The seconds of both runs, and the shares of the machine that the monitor and other processes used, 0 to 1."""

    plain_s: float
    shown_s: float
    monitor: float
    others: float


@dataclass(frozen=True)
class Seen:
    """The time until a monitor's first viewer had all trials, and the memory that the monitor then held."""

    seconds: float
    processor_seconds: float
    memory_bytes: float


def figures() -> list[Figure]:
    """Returns the ratio of the wall times, the monitor's share of the machine, the seconds to ten thousand trials."""
    pairs = list(measure())
    quiet = [pair for pair in pairs if pair.others < QUIET] or pairs
    lower, ratio, upper = statistics.quantiles(pair.shown_s / pair.plain_s for pair in quiet)
    share = statistics.median(pair.monitor for pair in pairs)
    seen = first_message(MANY)
    return [
        Figure(f"sweep with {VIEWERS} viewers over without, median of {len(quiet)} pairs", ratio, "ratio", 1.01),
        Figure("the same, lower quartile", lower, "ratio"),
        Figure("the same, upper quartile", upper, "ratio"),
        Figure(f"the machine's time that the monitor takes, {VIEWERS} viewers", 100 * share, "%", 1.0),
        Figure(f"first message with {MANY} trials, the monitor's start included", seen.seconds, "s", 5.0),
        Figure("the same in the monitor's processor time", seen.processor_seconds, "s"),
    ]


def measure() -> Iterator[Pair]:
    """Yields pairs until enough of them were undisturbed."""
    folder, quiet = Path(tempfile.mkdtemp(prefix="monitor-")), 0
    try:
        (folder / "benchmark_workload.py").write_text(WORKLOAD, encoding="utf-8")
        write_sweep(folder, trials=24, workers=CORES, trial_seconds=0.5)
        _run(folder, "warm-up", viewers=0)
        for number in range(2 * PAIRS):
            pair = _pair(folder, number)
            yield pair
            quiet += pair.others < QUIET
            if quiet == PAIRS:
                return
    finally:
        shutil.rmtree(folder)


def _pair(folder: Path, number: int) -> Pair:
    """Runs both; the order alternates."""
    begun, busy, own = time.perf_counter(), busy_seconds(), own_seconds()
    ran: dict[int, tuple[float, float]] = {}
    for viewers in (0, VIEWERS) if number % 2 else (VIEWERS, 0):
        ran[viewers] = _run(folder, f"{viewers}-{number}", viewers=viewers)
    others = (busy_seconds() - busy) - (own_seconds() - own)
    plain, with_viewers = ran[0], ran[VIEWERS]
    return Pair(plain[0], with_viewers[0], with_viewers[1], others / (time.perf_counter() - begun) / CORES)


def _run(folder: Path, sweep_id: str, *, viewers: int) -> tuple[float, float]:
    """Runs the sweep; returns its seconds and the share of the machine's time that its monitor used meanwhile."""
    sweep = new_benchmark_sweep(folder, sweep_id)
    with _watched(sweep, viewers) if viewers else nullcontext(None) as monitor:
        used = _processor_seconds(monitor)
        begun = time.perf_counter()
        run_sweep(sweep)
        seconds = time.perf_counter() - begun
        return seconds, (_processor_seconds(monitor) - used) / seconds / CORES


@contextmanager
def _watched(sweep: SweepFolder, viewers: int) -> Iterator[psutil.Process]:
    """Shows a sweep to viewers that all connect before it begins."""
    with listen(port=0) as listener:
        port = address_of(listener)[1]
        serving = Serving(listener, access_of("127.0.0.1", port))
        with shown(sweep, serving, warn=print):
            monitor = _monitor()
            command = [sys.executable, "-c", VIEWING, f"ws://127.0.0.1:{port}/events", str(viewers)]
            with subprocess.Popen(command, start_new_session=True) as watching:
                _wait_for_viewers(monitor, viewers)
                try:
                    yield monitor
                finally:
                    watching.kill()


def _monitor() -> psutil.Process:
    """Returns the monitor's process; one that has just been forked does not yet have its command line."""
    end = time.monotonic() + _READY_SECONDS
    while True:
        for each in psutil.Process().children():
            if "morphogenetic_engine.monitor" in each.cmdline():
                return each
        if time.monotonic() > end:
            raise SystemExit(f"no monitor within {_READY_SECONDS:g} s")
        time.sleep(0.01)


def _wait_for_viewers(monitor: psutil.Process, viewers: int) -> None:
    end = time.monotonic() + _READY_SECONDS
    while sum(each.status == psutil.CONN_ESTABLISHED for each in monitor.net_connections("tcp")) < viewers:
        if time.monotonic() > end:
            raise SystemExit(f"fewer than {viewers} viewers within {_READY_SECONDS:g} s")
        time.sleep(0.1)


def _processor_seconds(process: psutil.Process | None) -> float:
    if process is None:
        return 0.0
    times = process.cpu_times()
    return float(times.user + times.system)


def first_message(trials: int) -> Seen:
    """Measures a monitor from its start until a viewer has all trials; the folder is a temporary one."""
    folder = Path(tempfile.mkdtemp(prefix="monitor-"))
    try:
        (folder / "benchmark_workload.py").write_text(WORKLOAD, encoding="utf-8")
        write_sweep(folder, trials=trials, workers=1, trial_seconds=0)
        sweep = new_benchmark_sweep(folder, "many")
        sweep.journal.write_bytes(b"".join(lines_of(_events(trials))))
        with listen(port=0) as listener:
            port = address_of(listener)[1]
            begun = time.perf_counter()
            with shown(sweep, Serving(listener, access_of("127.0.0.1", port)), warn=print):
                with connect(f"ws://127.0.0.1:{port}/events", max_size=None, proxy=None, open_timeout=60) as socket:
                    known: set[int] = set()
                    while len(known) < trials:
                        known.update(row[0] for row in orjson.loads(socket.recv())["rows"])
                    seconds, monitor = time.perf_counter() - begun, _monitor()
                    return Seen(seconds, _processor_seconds(monitor), float(monitor.memory_info().rss))
    finally:
        shutil.rmtree(folder)


def _events(trials: int) -> Iterator[Event]:
    yield SessionStarted(1.0, os.getpid(), "here", "0", 1)
    for trial in range(trials):
        yield TrialStarted(2.0, trial, 0, 0, 7, {"point": trial, "work": 1})
        yield TrialReported(2.0, trial, 0, 0, {"val_acc": 0.5})
        yield TrialEnded(3.0, trial, 0, TrialState.COMPLETE, 1.0, {"val_acc": trial / trials})


if __name__ == "__main__":
    for each in measure():
        print(each, flush=True)
