"""Measures the cost of reproducible suggestions in time, quality and waiting, against Optuna's own loop.

Our loop and `study.optimize` search with the same TPE settings, sequentially in one process, alternating. The
regrets at the end are compared seed by seed (Wilcoxon's signed-rank test, two-sided). Waiting is measured with trials
that sleep, from 10 to 210 ms, on four workers.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import optuna
from scipy.stats import wilcoxon

from benchmarks.figures import Figure
from benchmarks.problems.functions import BRANIN, HARTMANN, Function
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaStrategy
from morphogenetic_engine.sweeps.strategy import earlier_than

_SEEDS = range(30)
_TRIALS = {BRANIN.name: 60, HARTMANN.name: 100}
_WORKLOADS = """
import time
def nothing(params, trial): return {"val_acc": params["x"]}
def sleeper(params, trial):
    time.sleep(0.01 + trial.seed % 101 / 500)
    return {"val_acc": params["x"]}
"""
_SWEEP = """
sweep_type: bayesian
experiment: {{workload: "workloads:{workload}"}}
parameters: {{x: {{low: 0.0, high: 1.0}}, y: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: {workers}}}
optimization: {{n_trials: {trials}, sampler: {sampler}, lookahead: {lookahead}, reproducible: {reproducible}}}
"""
_RUN = """
import time
from pathlib import Path
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
folder = start_sweep(read_config(Path("sweep.yaml")), results=Path("."), sweep_id="bench")
begun = time.perf_counter()
run_sweep(folder)
print(time.perf_counter() - begun)
"""


def figures() -> list[Figure]:
    """Compares with Optuna's own loop, then run whole sweeps."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return [
        *_beside_optuna(BRANIN),
        *_beside_optuna(HARTMANN),
        Figure("1000 TPE trials that do nothing, end to end", _sweep_seconds("nothing", 1_000, 2, "TPE", 2), "s", 60),
        *_waiting(),
    ]


def _beside_optuna(function: Function) -> Iterable[Figure]:
    """Runs both searches alternately; the first round warms up and is left out of the times."""
    trials = _TRIALS[function.name]
    ours, theirs = [], []
    for seed in _SEEDS:
        ours.append(_ours(function, trials, seed))
        theirs.append(_theirs(function, trials, seed))
    seconds = [(one[0], other[0]) for one, other in zip(ours, theirs, strict=True)][1:]
    regrets = [[value - function.minimum for _, value in each] for each in (ours, theirs)]
    same = float(wilcoxon(regrets[0], regrets[1]).pvalue)
    name = f"{function.name}, {trials} TPE trials"
    ratio = statistics.median(one / other for one, other in seconds)
    yield Figure(f"{name}: our time a suggestion", 1000 * statistics.median(s for s, _ in seconds) / trials, "ms")
    yield Figure(f"{name}: time, ours over Optuna's loop", ratio, "ratio", 1.2)
    yield Figure(f"{name}: median regret, ours", statistics.median(regrets[0]), "")
    yield Figure(f"{name}: median regret, Optuna's loop", statistics.median(regrets[1]), "")
    yield Figure(f"{name}: p that regrets are alike, {len(_SEEDS)} seeds", same, "", 0.05, "higher")


def _ours(function: Function, trials: int, seed: int) -> tuple[float, float]:
    """Returns the seconds and the best value of our search."""
    config = parse_config(
        {
            "sweep_type": "bayesian",
            "experiment": {"workload": "workloads:nothing"},
            "parameters": function.parameters,
            "optimization": {"n_trials": trials, "seed": seed, "lookahead": 1, "direction": "minimize"},
        },
        where="benchmark",
    )
    begun = time.perf_counter()
    suggestions = OptunaStrategy(config)
    records: dict[int, TrialRecord] = {}
    for number in range(trials):
        params = suggestions.suggest(number, earlier_than(number, suggestions.needs(number), records))
        metrics = {"val_acc": function.value(params)}
        records[number] = TrialRecord(number, 0, params, TrialState.COMPLETE, metrics=metrics)
    best = min(record.metrics["val_acc"] for record in records.values())
    return time.perf_counter() - begun, best


def _theirs(function: Function, trials: int, seed: int) -> tuple[float, float]:
    """Returns the seconds and the best value of Optuna's own loop."""

    def objective(trial: optuna.Trial) -> float:
        ranges = function.parameters.items()
        return function.value({name: trial.suggest_float(name, axis["low"], axis["high"]) for name, axis in ranges})

    begun = time.perf_counter()
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), direction="minimize")
    study.optimize(objective, n_trials=trials)
    return time.perf_counter() - begun, study.best_value


def _waiting() -> Iterable[Figure]:
    """Compares sweeps whose trials wait for others with one whose trials wait for none."""
    free = _sweep_seconds("sleeper", 160, 4, "Random", 4, reproducible="false")
    for lookahead in (4, 8, 16):
        waiting = _sweep_seconds("sleeper", 160, 4, "Random", lookahead)
        yield Figure(
            f"4 workers, uneven trials: lookahead {lookahead} over reproducible: false, wall time",
            waiting / free,
            "ratio",
        )


def _sweep_seconds(
    workload: str, trials: int, workers: int, sampler: str, lookahead: int, *, reproducible: str = "true"
) -> float:
    """Returns the seconds of a sweep that a separate process runs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        (place / "workloads.py").write_text(_WORKLOADS, encoding="utf-8")
        text = _SWEEP.format(
            workload=workload,
            trials=trials,
            workers=workers,
            sampler=sampler,
            lookahead=lookahead,
            reproducible=reproducible,
        )
        (place / "sweep.yaml").write_text(text, encoding="utf-8")
        ran = subprocess.run([sys.executable, "-c", _RUN], cwd=place, capture_output=True, text=True, check=True)
        return float(ran.stdout)
