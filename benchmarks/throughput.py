"""Measures the coordinator's throughput in trials per second, with its journal on disk, for two sweep sizes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result

_MEGABYTE = 1e6
_WORKLOAD = "def train(params, trial): return {'val_acc': params['x']}\n"
_REPORTING = """
def train(params, trial):
    for step in range(300):
        trial.report(step, {"val_acc": params["x"] * step})
    return {"val_acc": params["x"]}
"""
_REPORTING_TRIALS, _REPORTS = 60, 300
_SWEEP = """
sweep_type: random
experiment: {{workload: "no_op:train"}}
parameters: {{x: {{type: float, low: 0, high: 1}}, y: {{type: float, low: 0, high: 1}}}}
execution: {{max_parallel: 2}}
optimization: {{n_trials: {trials}, pruner: {pruner}, pruner_options: {options}}}
"""
_COMPARES_LATE = "{n_startup_trials: 5, n_warmup_steps: 300}"
_RUN = """
import resource, sys, time
from pathlib import Path
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
folder = start_sweep(read_config(Path("sweep.yaml")), results=Path("."), sweep_id="bench")
begun = time.perf_counter()
run_sweep(folder)
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@dataclass(frozen=True)
class Ran:
    """The cost of one sweep: from an empty folder to the last trial, the coordinator's peak, and to read it back."""

    seconds: float
    memory_bytes: float
    reading_seconds: float


def figures(small: int = 1_000, large: int = 10_000) -> list[Figure]:
    """Runs no-op sweeps of two sizes, each in a separate process."""
    few, many = no_op_sweep(small), no_op_sweep(large)
    slowdown = (many.seconds / large) / (few.seconds / small)
    return [
        Figure(f"{small} no-op trials", small / few.seconds, "trials/s", 500, "higher"),
        Figure(f"{large} no-op trials", large / many.seconds, "trials/s", better="higher"),
        Figure(f"time a trial, {large} over {small}", slowdown, "ratio", 1.3),
        Figure(f"coordinator's memory, {large} trials", many.memory_bytes / _MEGABYTE, "MB", 300),
        Figure(f"reading a journal of {large} trials", many.reading_seconds, "s", 2),
        *_reports(),
    ]


def _reports() -> Iterator[Figure]:
    """Yields how many reports a second two workers make, without a pruner and with one that lets all trials end."""
    alone, pruned = (
        _REPORTING_TRIALS * _REPORTS / _ran(_REPORTING_TRIALS, _REPORTING, *pruner).seconds
        for pruner in (("none", "{}"), ("MedianPruner", _COMPARES_LATE))
    )
    yield Figure("reports, 2 workers", alone, "reports/s", better="higher")
    yield Figure("reports with a median pruner", pruned, "reports/s", better="higher")


def no_op_sweep(trials: int) -> Ran:
    """Runs a sweep whose trials do nothing, in a separate process."""
    return _ran(trials, _WORKLOAD, "none", "{}")


def _ran(trials: int, workload: str, pruner: str, options: str) -> Ran:
    sweep = _SWEEP.format(trials=trials, pruner=pruner, options=options)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        (place / "no_op.py").write_text(workload, encoding="utf-8")
        (place / "sweep.yaml").write_text(sweep, encoding="utf-8")
        ran = subprocess.run([sys.executable, "-c", _RUN], cwd=place, capture_output=True, text=True, check=True)
        seconds, kilobytes = (float(word) for word in ran.stdout.split())
        begun = time.perf_counter()
        assert len(read_result(SweepFolder(place / "bench")).trials) == trials
        return Ran(seconds, kilobytes * 1024, time.perf_counter() - begun)
