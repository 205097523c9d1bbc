"""SIGKILL while workers train several trials at once: after a resume, the results are those of trials alone."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from morphogenetic_engine.sweeps.record.events import TrialEnded
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import read_events
from morphogenetic_engine.sweeps.run.runner import run_sweep
from tests.faults.test_kills import strike
from tests.tables import steady_rows

pytestmark = [pytest.mark.slow, pytest.mark.faults]

SWEEP = """
sweep_type: bayesian
experiment: {{workload: "together:train"}}
parameters: {{x: {{low: 0.0, high: 1.0}}}}
execution: {{max_parallel: {workers}, fuse: {fuse}, retries: {{crashes: 1000}}}}
optimization: {{n_trials: 24, sampler: Random, {strategy}}}
"""
STRATEGIES = {
    "halving": "strategy: halving, halving: {full: 9, first_rung: 1}",
    "pruned": "pruner: MedianPruner, pruner_options: {n_startup_trials: 4, n_warmup_steps: 2}, lookahead: 12",
}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("victim", "workers", "fuse"), [("worker", 2, 8), ("coordinator", 1, 3), ("both", 2, "auto")])
def test_killed_and_resumed_a_fused_sweep_has_the_table_of_one_that_is_not(
    start: Callable[[str], SweepFolder], workplace: Path, strategy: str, victim: str, workers: int, fuse: str
) -> None:
    shutil.copy(Path(__file__).parents[1] / "together.py", workplace / "together.py")
    undisturbed = start(SWEEP.format(workers=1, fuse="off", strategy=STRATEGIES[strategy]))
    run_sweep(undisturbed)
    folder = start(SWEEP.format(workers=workers, fuse=fuse, strategy=STRATEGIES[strategy]))
    chance = random.Random(f"{victim} {strategy}")
    for _ in range(2):
        strike(folder, victim, chance)
    run_sweep(folder)
    assert steady_rows(folder) == steady_rows(undisturbed)
    ends = Counter(event.trial for event in read_events(folder.journal) if isinstance(event, TrialEnded))
    assert ends == Counter(range(24))
