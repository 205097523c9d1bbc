"""No-op trials a second, and the time of a training sweep, with two workers of each kind, beside Optuna and Ray Tune.

Slurm is measured where it is installed (as root, see scripts/test-servers.sh). Ray Tune is no requirement of this
project: RAY_PYTHON names an interpreter that has `ray[tune]`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.machines.peers import environment, optuna_seconds

_NO_OPS, _TRAININGS, _WORKERS, _ROUNDS = 400, 60, 2, 2
_MANY = 600
"""The trainings of a sweep of about a minute, beside which the start of a session does not count for much."""
_FEW = 60
"""The no-op trials of Ray Tune, which takes seconds for each."""
_RAY = "Ray Tune"
_DASK = "executor: dask, "
_SLURM = "executor: dask, dask: {interface: lo, slurm: {workers: 2, memory: 500M}}, "
_WORKLOAD = """
from workload import trained

def nothing(params, trial):
    return {"val_acc": params["lr"]}

def training(params, trial):
    return {"val_acc": trained(params["lr"], trial.seed, lambda epoch, value: trial.report(epoch, {"val_acc": value}))}
"""
_SWEEP = """
sweep_type: random
experiment: {{workload: "trials:{kind}"}}
parameters: {{lr: {{low: 1.0e-3, high: 1.0, log: true}}}}
execution: {{{executor}max_parallel: {workers}}}
optimization: {{n_trials: {trials}}}
"""
_RUN = """
import time
from pathlib import Path
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
folder = start_sweep(read_config(Path("sweep.yaml")), results=Path("."), sweep_id="bench")
begun = time.perf_counter()
run_sweep(folder)
print(time.perf_counter() - begun)
assert all(str(trial.state) == "complete" for trial in read_result(folder).trials)
"""
Measure = Callable[[str, int], float]
"""Returns the seconds of a number of trials of a kind: nothing, or training."""


def figures() -> list[Figure]:
    """Alternates between the executors, so that other load affects all alike; start and end are included."""
    with ExitStack() as stack:
        kinds = _kinds(stack)
        counts = {name: _FEW if name == _RAY else _NO_OPS for name in kinds}
        no_ops = {name: measure("nothing", counts[name]) for name, measure in kinds.items()}
        trainings: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(_ROUNDS):
            for name, measure in kinds.items():
                trainings[name].append(measure("training", _TRAININGS))
        long = {name: [measure("training", _MANY)] for name, measure in kinds.items() if name in ("local", "Dask")}
    rates = [
        Figure(
            f"{counts[name]} no-op trials, {_WORKERS} workers: {name}",
            counts[name] / seconds,
            "trials/s",
            better="higher",
        )
        for name, seconds in no_ops.items()
    ]
    times = [
        Figure(f"{count} trainings, {_WORKERS} workers: {name}", statistics.median(seconds), "s")
        for count, measured in ((_TRAININGS, trainings), (_MANY, long))
        for name, seconds in measured.items()
    ]
    return rates + times + _ratios(_TRAININGS, trainings) + _ratios(_MANY, long)


def _ratios(count: int, trainings: Mapping[str, list[float]]) -> list[Figure]:
    """Returns the times over the local one, each compared within its round."""
    ratios = {
        name: statistics.median(one / local for one, local in zip(seconds, trainings["local"], strict=True))
        for name, seconds in trainings.items()
        if name != "local"
    }
    return [
        Figure(f"{count} trainings, {name} over local", ratio, "ratio", 1.05 if name == "Dask" else None)
        for name, ratio in ratios.items()
    ]


def _kinds(stack: ExitStack) -> dict[str, Measure]:
    found: dict[str, Measure] = {"local": partial(_seconds, "", {}), "Dask": partial(_seconds, _DASK, {})}
    if shutil.which("slurmctld", path=f"{os.environ['PATH']}:/usr/sbin") and os.getuid() == 0:
        # pylint: disable-next=import-outside-toplevel  # where there is a Slurm
        from tests.backends.dask.slurm_cluster import slurm_cluster

        # pylint: disable-next=consider-using-with  # until the stack is left
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-slurm-")))
        cluster = stack.enter_context(slurm_cluster(place))
        found["Slurm"] = partial(_seconds, _SLURM, cluster.environment)
    found["Optuna, journal file"] = lambda kind, trials: optuna_seconds(kind, trials, _WORKERS)
    if python := os.environ.get("RAY_PYTHON"):
        found[_RAY] = partial(_ray_seconds, python)
    return found


def _seconds(executor: str, environment: Mapping[str, str], kind: str, trials: int) -> float:
    """Runs a sweep in a process of its own, and returns its seconds from an empty folder to its last table."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        shutil.copy(Path(__file__).with_name("workload.py"), place)
        (place / "trials.py").write_text(_WORKLOAD, encoding="utf-8")
        text = _SWEEP.format(kind=kind, executor=executor, workers=_WORKERS, trials=trials)
        (place / "sweep.yaml").write_text(text, encoding="utf-8")
        command = [sys.executable, "-c", _RUN]
        variables = {**os.environ, **environment}
        return float(subprocess.run(command, cwd=place, env=variables, stdout=subprocess.PIPE, check=True).stdout)


def _ray_seconds(python: str, kind: str, trials: int) -> float:
    command = [python, str(Path(__file__).with_name("peers.py")), kind, str(trials), str(_WORKERS)]
    variables = {**environment(), "RAY_AIR_NEW_OUTPUT": "0"}
    said = subprocess.run(command, env=variables, stdout=subprocess.PIPE, check=True, text=True).stdout
    return float(said.split()[-1])
