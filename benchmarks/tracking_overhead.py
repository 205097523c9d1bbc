"""Measures how much longer a sweep takes when it is sent to MLflow while it runs.

`python -m benchmarks.tracking_overhead` runs pairs of the same sweep, alternately with and without a forwarder,
and prints the median of their ratios; `--json FILE` writes the rows too. The store is a SQLite file, or with `--server`
an MLflow server on this machine, which then competes with the sweep for its cores.

Pairs disturbed by other processes are printed, but not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks.figures import Figure
from morphogenetic_engine.sinks.journal_forwarder import JournalForwarder
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.record.events import Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder, new_sweep
from morphogenetic_engine.sweeps.run.runner import run_sweep

EPOCHS = 10
READY_SECONDS = 60.0
QUIET = 0.05
CORES = os.cpu_count() or 1
WORKLOAD = f"""
import time

def train(params, trial):
    for epoch in range({EPOCHS}):
        total = 0
        for number in range(params["work"]):
            total += number * number
        trial.report(epoch, {{"val_acc": epoch / 10, "loss": 1 / (epoch + 1)}})
    return {{"val_acc": 0.9}}
"""


@dataclass(frozen=True)
class Row:
    """One pair, in seconds. `drain_s` is the time that the forwarder needed to send the rest after the sweep's end."""

    plain_s: float
    tracked_s: float
    drain_s: float
    ratio: float
    others: float
    """The share of the machine's cores that other processes used meanwhile, 0 to 1."""

    @property
    def quiet(self) -> bool:
        return self.others < QUIET


def figures() -> list[Figure]:
    """Returns the median ratio for each kind of store, of the undisturbed pairs, or of all if there are none.
    ==>"""
    return [figure for store in ("a SQLite file", "a server here") for figure in _figures(store)]


def _figures(store: str) -> Iterator[Figure]:
    rows = list(measure(pairs=12, trials=60, workers=2, trial_seconds=0.25, server=store == "a server here"))
    counted = [row for row in rows if row.quiet] or rows
    lower, ratio, upper = statistics.quantiles(row.ratio for row in counted)
    yield Figure(f"sweep with MLflow ({store}) over without, median of {len(counted)} pairs", ratio, "ratio", 1.03)
    yield Figure(f"the same, {store}, lower quartile", lower, "ratio")
    yield Figure(f"the same, {store}, upper quartile", upper, "ratio")
    yield Figure(f"what was not sent at the sweep's end, {store}", statistics.median(r.drain_s for r in counted), "s")


def measure(*, pairs: int, trials: int, workers: int, trial_seconds: float, server: bool) -> Iterator[Row]:
    """Yields a row for each pair, until `pairs` of them were undisturbed or four times as many were run."""
    folder = Path(tempfile.mkdtemp(prefix="tracking_overhead-"))
    quiet = 0
    try:
        (folder / "benchmark_workload.py").write_text(WORKLOAD, encoding="utf-8")
        write_sweep(folder, trials=trials, workers=workers, trial_seconds=trial_seconds)
        with _server(folder) if server else nullcontext(f"sqlite:///{folder / 'mlflow.db'}") as uri:
            _run(folder, "warm-up", uri)
            for number in range(4 * pairs):
                row = _pair(folder, number, uri)
                yield row
                quiet += row.quiet
                if quiet == pairs:
                    return
    finally:
        shutil.rmtree(folder)


def _pair(folder: Path, number: int, uri: str) -> Row:
    """Runs both; the order alternates."""
    begun, busy, own = time.perf_counter(), busy_seconds(), own_seconds()
    if number % 2:
        tracked_s, drain_s = _run(folder, f"tracked-{number}", uri)
        plain_s, _ = _run(folder, f"plain-{number}", None)
    else:
        plain_s, _ = _run(folder, f"plain-{number}", None)
        tracked_s, drain_s = _run(folder, f"tracked-{number}", uri)
    others = (busy_seconds() - busy) - (own_seconds() - own)
    return Row(plain_s, tracked_s, drain_s, tracked_s / plain_s, others / (time.perf_counter() - begun) / CORES)


def busy_seconds() -> float:
    """Returns the processor seconds of the whole machine."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def own_seconds() -> float:
    """Returns the processor seconds of this process, its children and the server."""
    living = psutil.Process().children(recursive=True)
    return sum(os.times()[:4]) + sum(each.cpu_times().user + each.cpu_times().system for each in living)


def _run(folder: Path, sweep_id: str, uri: str | None) -> tuple[float, float]:
    """Runs the sweep; returns its seconds, including the forwarder's start, and those that sending the rest took."""
    sweep = new_benchmark_sweep(folder, sweep_id)
    started = time.perf_counter()
    with JournalForwarder(sweep, "mlflow", address=uri, warn=print, drain=60) if uri else nullcontext():
        outcome = run_sweep(sweep)
        ended = time.perf_counter()
    if outcome is not Outcome.FINISHED:
        raise SystemExit(f"the sweep {sweep_id} was {outcome}")
    return ended - started, time.perf_counter() - ended


def write_sweep(folder: Path, *, trials: int, workers: int, trial_seconds: float) -> None:
    """Writes the sweep file: trials that compute for about the given time."""
    (folder / "sweep.yaml").write_text(_yaml(trials, workers, _work(trial_seconds)), encoding="utf-8")


def new_benchmark_sweep(folder: Path, sweep_id: str) -> SweepFolder:
    """Returns a new sweep of the file in the folder."""
    file = read_config(folder / "sweep.yaml")
    sweep = new_sweep(folder / "results" / "sweeps", sweep_id, file, file.config)
    sweep.write_info(sweep.read_info().model_copy(update={"working_directory": str(folder)}))
    return sweep


def _yaml(trials: int, workers: int, work: int) -> str:
    return (
        "sweep_type: grid\n"
        f"experiment: {{workload: 'benchmark_workload:train', work: {work}}}\n"
        f"parameters: {{point: {{type: int, low: 0, high: {trials - 1}, step: 1}}}}\n"
        f"execution: {{max_parallel: {workers}}}\n"
    )


def _work(trial_seconds: float) -> int:
    """Returns the number of rounds of an epoch's loop for a trial of this length."""
    rounds = 200_000
    started = time.perf_counter()
    total = 0
    for number in range(rounds):
        total += number * number
    return round(rounds * trial_seconds / EPOCHS / (time.perf_counter() - started))


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Runs an MLflow server on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={port}", "--workers=1"]
    command += [f"--backend-store-uri=sqlite:///{folder / 'mlflow.db'}", f"--artifacts-destination={folder / 'kept'}"]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("wb") as log:
        with subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process:
            try:
                _wait_for(f"http://127.0.0.1:{port}/health")
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def _wait_for(url: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table, and writes it as JSON if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7, help="quiet pairs wanted")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--trial-seconds", type=float, default=0.25, help="about how long one trial computes")
    parser.add_argument("--server", action="store_true", help="send to an MLflow server on this machine")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file too")
    options = parser.parse_args(arguments)
    print(f"{options.trials} trials of {EPOCHS} epochs, {options.workers} workers")
    print("plain s  tracked s  drain s  ratio  others")
    rows = []
    for row in measure(
        pairs=options.pairs,
        trials=options.trials,
        workers=options.workers,
        trial_seconds=options.trial_seconds,
        server=options.server,
    ):
        print(
            f"{row.plain_s:7.2f}  {row.tracked_s:9.2f}  {row.drain_s:7.2f}  {row.ratio:5.3f}  {row.others:6.1%}",
            flush=True,
        )
        rows.append(row)
    quiet = [row for row in rows if row.quiet]
    if quiet:
        ratio, drain = (statistics.median(values) for values in zip(*((row.ratio, row.drain_s) for row in quiet)))
        print(f"{len(quiet)} quiet pairs: median ratio {ratio:.3f}, median drain {drain:.2f} s")
    else:
        print("no quiet pair: other processes used the machine all the time")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
