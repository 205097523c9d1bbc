"""A sweep on a real Dask cluster has the same table as on this machine, with any strategy and number of workers."""

from __future__ import annotations

import pytest

from morphogenetic_engine.sweeps.record.events import Outcome, TrialStarted
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.backends.dask.dask_cluster import DaskCluster
from tests.conftest import StartSweep
from tests.tables import steady_rows

SPACE = "parameters: {x: {low: 0.0, high: 1.0}, kind: [a, b]}"
TRAINS = f'experiment: {{workload: "toy:quadratic"}}\n{SPACE}\n'
STRATEGIES = {
    "grid": 'experiment: {workload: "toy:quadratic"}\nparameters: {x: [0.1, 0.2, 0.3, 0.4]}\n',
    "random": f"sweep_type: random\n{TRAINS}optimization: {{n_trials: 8, lookahead: 4}}\n",
    "TPE": f"sweep_type: bayesian\n{TRAINS}optimization: {{sampler: TPE, n_trials: 14, lookahead: 4, seed: 2}}\n",
    "pruner": (
        f"sweep_type: bayesian\n{TRAINS}"
        "optimization: {sampler: TPE, pruner: MedianPruner, n_trials: 12, lookahead: 4}\n"
    ),
    "halving": (
        f"sweep_type: random\n{TRAINS}"
        "optimization: {strategy: halving, halving: {full: 3}, n_trials: 9, lookahead: 4}\n"
    ),
    "replicates": (
        f'sweep_type: random\nexperiment: {{workload: "toy:quadratic", replicates: 2}}\n{SPACE}\n'
        "optimization: {n_trials: 4, lookahead: 4}\n"
    ),
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


def test_a_fresh_process_for_each_trial_gives_the_same_table(cluster: DaskCluster, start: StartSweep) -> None:
    local = start(STRATEGIES["grid"])
    run_sweep(local)
    isolated = start(STRATEGIES["grid"] + cluster.section(2).replace("{executor", "{isolate: true, executor"))
    assert run_sweep(isolated) is Outcome.FINISHED
    assert steady_rows(isolated) == steady_rows(local)


def _starts(folder: SweepFolder) -> list[tuple[int, int]]:
    return [(event.trial, event.attempt) for event in read_events(folder.journal) if isinstance(event, TrialStarted)]
