"""The number of trials: recorded in `sweep.json`, counted without Optuna, and a default for bayesian sweeps."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.kinds import recorded_trials, total_trials
from morphogenetic_engine.sweeps.overview import overview
from morphogenetic_engine.sweeps.run.start import continue_sweep
from tests.conftest import StartSweep, WriteConfig
from tests.sweeps.record.earlier import info_of_format_1

SWEEP = """
sweep_type: {0}
experiment: {{workload: "toy:quadratic"}}
parameters: {{x: {{low: 0.0, high: 1.0}}, y: {{low: 0.0, high: 1.0}}, kind: [a, b]}}
optimization: {{{1}}}
"""
COUNTS = [
    ("grid", "", 50),
    ("grid", "n_trials: 7", 7),
    ("random", "n_trials: 9", 9),
    ("progressive", "rounds: 2", 36),
    ("bayesian", "", 30),
    ("bayesian", "n_trials: 4", 4),
    ("bayesian", "sampler: auto", 30),
]


@pytest.mark.parametrize(("sweep_type", "optimization", "trials"), COUNTS)
def test_a_new_sweep_records_its_number_of_trials(
    start: StartSweep, sweep_type: str, optimization: str, trials: int
) -> None:
    folder = start(SWEEP.format(sweep_type, optimization))
    assert json.loads(folder.info.read_bytes())["trials"] == trials
    assert overview(folder).trials == recorded_trials(folder.read_info()) == trials


@pytest.mark.parametrize(("sweep_type", "optimization", "trials"), COUNTS)
def test_a_sweep_of_an_earlier_version_is_counted_from_its_configuration(
    start: StartSweep, sweep_type: str, optimization: str, trials: int
) -> None:
    folder = start(SWEEP.format(sweep_type, optimization))
    written = json.loads(info_of_format_1(folder.info.read_bytes()))
    del written["trials"]
    folder.info.write_text(json.dumps(written), encoding="utf-8")
    assert recorded_trials(folder.read_info()) == trials


@pytest.mark.parametrize(("parameters", "trials"), [(0, 20), (1, 20), (2, 20), (3, 30), (7, 70)])
def test_a_bayesian_sweep_has_ten_trials_a_searched_parameter_and_twenty_at_least(
    write_config: WriteConfig, parameters: int, trials: int
) -> None:
    searched = ", ".join(f"p{number}: [1, 2]" for number in range(parameters))
    config = write_config(f"{{sweep_type: bayesian, experiment: {{fixed: 3}}, parameters: {{{searched}}}}}").config
    assert total_trials(config) == trials


def test_a_resumed_sweep_keeps_its_number_of_trials_where_the_file_gives_none(start: StartSweep) -> None:
    folder = start(SWEEP.format("bayesian", ""))
    continue_sweep(folder.sweep_id, results=folder.path.parent, overrides={"optimization.n_trials": 44})
    assert folder.read_info().trials == folder.read_info().config.optimization.n_trials == 44
    file = read_config(folder.config)
    assert file.config.optimization.n_trials is None
    continue_sweep(folder.sweep_id, results=folder.path.parent, file=file)
    assert folder.read_info().trials == 44


@pytest.mark.parametrize("optimization", ["sampler: auto", "n_trials: 8"])
def test_counting_the_trials_of_a_sweep_imports_no_optuna(start: StartSweep, optimization: str) -> None:
    folder = start(SWEEP.format("bayesian", optimization))
    code = """
import sys
from pathlib import Path
from morphogenetic_engine.sweeps.kinds import total_trials
from morphogenetic_engine.sweeps.overview import overviews
from morphogenetic_engine.sweeps.record.folder import SweepFolder
[found] = overviews(Path("results"))
assert found.trials == total_trials(SweepFolder(Path("results") / found.sweep_id).read_info().config)
assert "optuna" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=folder.path.parents[1], check=True)
