"""The engine goes on from the checkpoint of a run with other rates, and uses its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config_file import config_of_text
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from tests.tables import steady_rows

SWEEP = """
sweep_type: random
experiment: {{problem_type: moons, n_samples: 200, warm_up_epochs: 4, adaptation_epochs: 4}}
parameters: {{lr: {{low: 1.0e-4, high: 1.0e-1, log: true}}, hidden_dim: [8, 16]}}
execution: {{max_parallel: {workers}}}
optimization: {{strategy: pbt, n_trials: 16, pbt: {{population: 4, full: 8, change: [{change}]}}}}
"""


@pytest.mark.slow
def test_members_go_on_from_checkpoints_and_any_number_of_workers_gives_the_same_table(tmp_path: Path) -> None:
    tables = []
    for workers in (1, 2):
        text = SWEEP.format(workers=workers, change="lr")
        folder = start_sweep(config_of_text(text, where="sweep.yaml"), results=tmp_path / str(workers))
        run_sweep(folder)
        tables.append([{**row, "runtime": ""} for row in steady_rows(folder)])
    assert tables[0] == tables[1]
    trials = read_result(folder).trials
    assert not any(trial.repeated for trial in trials)
    assert [sorted(trials[number].curve) for number in (0, 4, 12)] == [[0, 1], [2, 3], [6, 7]]


def test_a_parameter_that_may_not_change_is_refused_before_the_first_trial(tmp_path: Path) -> None:
    text = SWEEP.format(workers=1, change="hidden_dim")
    folder = start_sweep(config_of_text(text, where="sweep.yaml"), results=tmp_path)
    with pytest.raises(ConfigError, match="hidden_dim may not change in a running trial, but lr, shadow_lr may"):
        run_sweep(folder)
