"""Sweeps of the engine with `fuse: auto` and with `fuse: off`, and the plain loop under other systems.

All run one after another in one place, with two workers. The tables of ours are compared, wall-clock columns aside. Ray
Tune is measured where it is installed.
"""

from __future__ import annotations

import importlib.util
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.problems.plain_sweeps import CONFIGURATIONS, FIRST_RUNG, HALVING_EPOCHS
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import read_result

_ENGINE = "problem_type: spirals, device: cpu, save_model: false"
GRID = f"""
sweep_type: grid
experiment: {{{_ENGINE}, warm_up_epochs: 20, adaptation_epochs: 30, patience: 5}}
parameters: {{hidden_dim: [16, 32, 48, 64], num_layers: [2, 4], lr: [1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3, 8e-3, 1e-2]}}
"""
HALVING = f"""
sweep_type: bayesian
experiment: {{{_ENGINE}, warm_up_epochs: 81, adaptation_epochs: 162, patience: 5}}
parameters:
  hidden_dim: [16, 32, 48, 64]
  num_layers: {{low: 2, high: 4}}
  lr: {{low: 0.001, high: 0.01, log: true}}
optimization:
  n_trials: {CONFIGURATIONS}
  sampler: Random
  strategy: halving
  halving: {{full: {HALVING_EPOCHS}, first_rung: {FIRST_RUNG}, brackets: 1}}
"""
WIDE = f"""
sweep_type: grid
experiment: {{{_ENGINE}, warm_up_epochs: 16, adaptation_epochs: 0, num_layers: 2, hidden_dim: 256}}
parameters: {{lr: [0.001, 0.002, 0.003, 0.004, 0.006, 0.01]}}
"""
_MAKE_SWEEP = Path(__file__).parents[1] / "examples" / "halving.yaml"
_RUN = """
from pathlib import Path
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
folder = start_sweep(read_config(Path("sweep.yaml")), results=Path("."), sweep_id="bench")
run_sweep(folder)
"""


def figures() -> list[Figure]:
    """Returns, for each sweep, the time of the one without fusing and of other systems over that of the one with it."""
    found = []
    for name, text, goal, plain, rounds in (
        ("grid of 64 trials, hidden_dim 16 to 64", GRID, 5.0, "grid", 1),
        ("make sweep", _MAKE_SWEEP.read_text(encoding="utf-8"), 2.5, "", 1),
        (f"halving of {CONFIGURATIONS} configurations", HALVING, 5.0, "halving", 1),
        ("hidden_dim 256", WIDE, 0.98, "", 5),
    ):
        pairs = [pair(text) for _ in range(rounds)]
        alone, fused = (statistics.median(each.wall for each in side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(one.wall / other.wall for one, other in pairs)
        spent = statistics.median(one.processor / other.processor for one, other in pairs)
        found += [
            Figure(f"{name}: one after another over together", ratio, "ratio", goal, "higher"),
            Figure(f"{name}: one after another over together, processor time", spent, "ratio", None, "higher"),
            Figure(f"{name}: one after another", alone, "s"),
            Figure(f"{name}: together", fused, "s"),
        ]
        for system in _systems() if plain else ():
            seconds = _plain(system, plain).wall
            shown = {"optuna": "Optuna", "ray": "Ray Tune"}[system]
            found += [
                Figure(f"{name}: {shown} with the plain loop over together", seconds / fused, "ratio", None, "higher"),
                Figure(f"{name}: {shown} with the plain loop", seconds, "s"),
            ]
    return found


@dataclass(frozen=True)
class Seconds:
    """The time of a program and of the processes that it waited for; on a busy machine, processor time is steadier."""

    wall: float
    processor: float


def pair(text: str) -> tuple[Seconds, Seconds]:
    """Returns the times of a sweep with `fuse: off` and with `fuse: auto`, whose results must be equal."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        ran = [_run(Path(name) / fuse, text, fuse) for fuse in ("off", "auto")]
    (alone, one), (fused, other) = ran
    assert one == other, "the results differ"
    return alone, fused


def _run(place: Path, text: str, fuse: str) -> tuple[Seconds, list[object]]:
    place.mkdir()
    written = f"{text}\nexecution: {{max_parallel: 2, fuse: {fuse}}}\n"
    (place / "sweep.yaml").write_text(written, encoding="utf-8")
    seconds = _seconds([sys.executable, "-c", _RUN], place)
    trials = read_result(SweepFolder(place / "bench")).trials
    return seconds, [(trial.number, trial.state, trial.params, dict(trial.curve)) for trial in trials]


def _systems() -> list[str]:
    return ["optuna", "ray"] if importlib.util.find_spec("ray") else ["optuna"]


def _plain(system: str, search: str) -> Seconds:
    """Returns the times of the same search by another system."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        # As a module that is imported, so that Ray sends its functions by their names.
        code = "import sys; from benchmarks.problems.plain_sweeps import main; main(*sys.argv[1:])"
        return _seconds([sys.executable, "-c", code, system, search, name], None)


def _seconds(command: Sequence[str], place: Path | None) -> Seconds:
    begun, spent = time.perf_counter(), _processor_seconds()
    subprocess.run(command, cwd=place, check=True)
    return Seconds(time.perf_counter() - begun, _processor_seconds() - spent)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
