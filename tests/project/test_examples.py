"""Every example runs, from its file to its trials, with the smallest possible settings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from morphogenetic_engine.engine.data.data_export import write_data_set
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.sweeps.config_file import ConfigFile, read_config
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
TRIALS = 3
SMALLEST = {"n_samples": 60, "warm_up_epochs": 1, "adaptation_epochs": 1}


def smallest(example: Path) -> ConfigFile:
    """Reads an example with few trials, and few epochs and samples where the engine is what it sweeps."""
    overrides: dict[str, object] = {"execution.max_parallel": 1}
    config = read_config(example).config
    if config.sweep_type != "progressive":  # counts its own
        overrides["optimization.n_trials"] = TRIALS
    if (config.experiment.workload or "").startswith("morphogenetic_engine."):
        overrides |= {f"experiment.{name}": value for name, value in SMALLEST.items()}
    if config.optimization.strategy == "pbt":
        overrides |= {"optimization.n_trials": 4, "optimization.pbt.population": 2, "optimization.pbt.full": 2}
    return read_config(example, overrides)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path / "examples" if example.stem == "function_sweep" else tmp_path)
    file = smallest(example)
    for path in file.config.experiment.inputs.values():
        write_data_set(TrainingSettings(n_samples=60), tmp_path / path, replace=False)
    folder = start_sweep(file, results=tmp_path / "results")
    assert run_sweep(folder) in {Outcome.FINISHED, Outcome.EARLY_STOPPED}
    trials = read_result(folder).trials
    assert len(trials) >= TRIALS
    assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
