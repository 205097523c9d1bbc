"""A sweep on a real Dask cluster has the same table as on this machine, with any strategy and number of workers."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.confirm.confirmation_run import confirm_sweep
from morphogenetic_engine.sweeps.record.events import AttemptFailed, Outcome, TrialEnded, TrialPaused, TrialStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.record.trials import read_history
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.schema import search_names as registry
from morphogenetic_engine.trial import Metrics
from tests.backends.dask.dask_cluster import DaskCluster
from tests.conftest import StartSweep
from tests.tables import steady_rows

SPACE = "parameters: {x: {low: 0.0, high: 1.0}, kind: [a, b]}"
RANGES = "parameters: {x: {low: 0.0, high: 1.0}, y: {low: 0.0, high: 1.0}}"
TRAINS = f'experiment: {{workload: "toy:quadratic"}}\n{SPACE}\n'
RISES = f'sweep_type: random\nexperiment: {{workload: "toy:rising"}}\n{SPACE}\n'
STRATEGIES = {
    "grid": 'experiment: {workload: "toy:quadratic"}\nparameters: {x: [0.1, 0.2, 0.3, 0.4]}\n',
    "random": f"sweep_type: random\n{TRAINS}optimization: {{n_trials: 8, lookahead: 4}}\n",
    "TPE": f"sweep_type: bayesian\n{TRAINS}optimization: {{sampler: TPE, n_trials: 14, lookahead: 4, seed: 2}}\n",
    "pruner": (
        f"sweep_type: bayesian\n{TRAINS}"
        "optimization: {sampler: TPE, pruner: MedianPruner, n_trials: 12, lookahead: 4}\n"
    ),
    "halving": f"{RISES}optimization: {{strategy: halving, halving: {{full: 9}}, n_trials: 9, lookahead: 4}}\n",
    "replicates": (
        f'sweep_type: random\nexperiment: {{workload: "toy:quadratic", replicates: 2}}\n{SPACE}\n'
        "optimization: {n_trials: 4, lookahead: 4}\n"
    ),
}
SAMPLERS = [name for name in registry.SAMPLERS.built_in if name != "TPE"]
PRUNERS = [name for name in registry.PRUNERS.built_in if name != "MedianPruner"]
OTHERS = {
    "asha": f"{RISES}optimization: {{strategy: asha, halving: {{full: 9}}, n_trials: 12, lookahead: 4}}\n",
    "auto": f"{RISES}optimization: {{strategy: auto, halving: {{full: 9}}, n_trials: 12, lookahead: 4}}\n",
    "sobol": f"sweep_type: sobol\n{TRAINS}optimization: {{n_trials: 8, lookahead: 4}}\n",
    "latin hypercube": f"sweep_type: latin_hypercube\n{TRAINS}optimization: {{n_trials: 8, lookahead: 4}}\n",
    "progressive": f"sweep_type: progressive\n{TRAINS}optimization: {{n_trials: 12, rounds: 2, lookahead: 4}}\n",
    "population": (
        f"{RISES}optimization: {{strategy: pbt, n_trials: 12, lookahead: 4,"
        " pbt: {population: 4, full: 9, change: [x]}}\n"
    ),
    "budget": f"{RISES}optimization: {{n_trials: 40, lookahead: 4, budget: {{steps: 90}}}}\n",
    "several objectives": (
        f"sweep_type: bayesian\n{TRAINS}optimization: {{sampler: NSGAII, n_trials: 12, lookahead: 4,"
        " objectives: [{metric: val_acc}, {metric: twice, direction: minimize}]}\n"
    ),
    "outcome constraints": (
        f"sweep_type: bayesian\n{TRAINS}"
        "optimization: {n_trials: 12, lookahead: 4, outcome_constraints: {twice: {max: -0.1}}}\n"
    ),
    "retries": (
        'experiment: {workload: "toy:moody"}\n'
        "parameters: {mood: [fine, raise, raise_once, crash_once, nan, missing, prune]}\n"
    ),
}


def _searches() -> dict[str, str]:
    """Returns a sweep for each other sampler and pruner."""
    bayesian = f'sweep_type: bayesian\nexperiment: {{workload: "toy:quadratic"}}\n{RANGES}\n'
    rises = f'sweep_type: bayesian\nexperiment: {{workload: "toy:rising"}}\n{RANGES}\n'
    samplers = {name: f"{bayesian}optimization: {{sampler: {name}, n_trials: 10, lookahead: 4}}\n" for name in SAMPLERS}
    return samplers | {
        name: f"{rises}optimization: {{sampler: Random, pruner: {name}, n_trials: 10, lookahead: 4}}\n"
        for name in PRUNERS
    }


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_table_equals_the_local_one_at_any_number_of_workers(
    cluster: DaskCluster, start: StartSweep, strategy: str
) -> None:
    text = STRATEGIES[strategy]
    local = start(f"{text}execution: {{max_parallel: 2}}\n")
    assert run_sweep(local) is Outcome.FINISHED
    for workers in (1, 2, 4):
        elsewhere = start(text + cluster.section(workers))
        assert run_sweep(elsewhere) is Outcome.FINISHED
        assert steady_rows(elsewhere) == steady_rows(local)
        assert len(_starts(elsewhere)) == len(set(_starts(elsewhere)))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", [*OTHERS, *_searches()])
def test_every_strategy_has_the_local_table(cluster: DaskCluster, start: StartSweep, strategy: str) -> None:
    text = (OTHERS | _searches())[strategy]
    local = start(f"{text}execution: {{max_parallel: 2, retries: {{crashes: 5}}}}\n")
    outcome = run_sweep(local)
    elsewhere = start(text + cluster.section(3))
    assert run_sweep(elsewhere) is outcome
    assert steady_rows(elsewhere) == steady_rows(local)
    assert len(_starts(elsewhere)) == len(set(_starts(elsewhere)))


def test_early_stopping_ends_after_the_same_trials(cluster: DaskCluster, start: StartSweep) -> None:
    text = STRATEGIES["random"].replace("n_trials: 8", "n_trials: 30")
    stopping = "early_stopping: {patience: 2, min_trials: 3}"
    local = start(f"{text}execution: {{max_parallel: 2, {stopping}}}\n")
    elsewhere = start(text + cluster.section(3).replace("{executor", f"{{{stopping}, executor"))
    assert run_sweep(local) is run_sweep(elsewhere)
    assert steady_rows(elsewhere) == steady_rows(local)
    assert 3 <= len(steady_rows(local)) < 30


def test_confirmations_have_the_local_results(cluster: DaskCluster, start: StartSweep) -> None:
    text = STRATEGIES["random"]
    local, elsewhere = start(text), start(text + cluster.section(2))
    for folder in (local, elsewhere):
        run_sweep(folder)
        assert confirm_sweep(folder, top=2, seeds=2) is Outcome.FINISHED
    assert _confirmations(elsewhere) == _confirmations(local)


@pytest.mark.slow
def test_mlflow_has_each_trial_once(cluster: DaskCluster, workplace: Path) -> None:
    tracking = f"tracking: {{mlflow_uri: 'sqlite:///{workplace}/mlflow.db'}}\n"
    (workplace / "sweep.yaml").write_text(STRATEGIES["random"] + tracking + cluster.section(2), encoding="utf-8")
    program = [sys.executable, "-m", "morphogenetic_engine.cli.main", "sweep"]
    subprocess.run([*program, "run", "--config", "sweep.yaml", "--sweep-id", "one", "--mlflow"], check=True)
    subprocess.run([*program, "publish", "--sweep-id", "one"], check=True)  # what was not sent by the end
    with closing(sqlite3.connect(workplace / "mlflow.db")) as database:
        logged = database.execute("select count(*), count(distinct run_uuid) from latest_metrics where key = 'twice'")
        assert logged.fetchone() == (8, 8)


@pytest.mark.parametrize("fuse", ["auto", "3"])
def test_trials_that_one_worker_trains_together_have_the_table_of_those_alone(
    cluster: DaskCluster, start: StartSweep, workplace: Path, fuse: str
) -> None:
    shutil.copy(Path(__file__).parents[2] / "together.py", workplace / "together.py")
    text = RISES.replace("toy:rising", "together:train").replace(", kind: [a, b]", "")
    text += "optimization: {strategy: halving, halving: {full: 9, first_rung: 1}, n_trials: 18, lookahead: 12}\n"
    local = start(f"{text}execution: {{max_parallel: 1, fuse: off}}\n")
    run_sweep(local)
    elsewhere = start(text + cluster.section(2).replace("{executor", f"{{fuse: {fuse}, executor"))
    assert run_sweep(elsewhere) is Outcome.FINISHED
    assert steady_rows(elsewhere) == steady_rows(local)
    assert _most_at_once(elsewhere) > 1


def test_a_fresh_process_for_each_trial_gives_the_same_table(cluster: DaskCluster, start: StartSweep) -> None:
    local = start(STRATEGIES["grid"])
    run_sweep(local)
    isolated = start(STRATEGIES["grid"] + cluster.section(2).replace("{executor", "{isolate: true, executor"))
    assert run_sweep(isolated) is Outcome.FINISHED
    assert steady_rows(isolated) == steady_rows(local)


def _starts(folder: SweepFolder) -> list[tuple[int, int]]:
    return [(event.trial, event.attempt) for event in read_events(folder.journal) if isinstance(event, TrialStarted)]


def _most_at_once(folder: SweepFolder) -> int:
    """Returns the largest number of trials that one worker ran at once."""
    running: dict[int, int] = {}
    most = 0
    for event in read_events(folder.journal):
        if isinstance(event, TrialStarted):
            running[event.trial] = event.worker
        elif isinstance(event, TrialEnded | TrialPaused | AttemptFailed):
            running.pop(event.trial, None)
        most = max(most, *Counter(running.values()).values(), 0)
    return most


def _confirmations(folder: SweepFolder) -> dict[int, dict[int, Metrics]]:
    trials = read_history(folder).trials.values()
    return {trial.number: {index: run.metrics for index, run in trial.confirmations.items()} for trial in trials}
