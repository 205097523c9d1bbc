"""Every example is a sweep that its workload takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from morphogenetic_engine.engine.data_export import write_data_set
from morphogenetic_engine.engine.settings import TrainingSettings
from morphogenetic_engine.sweeps.check import check_sweep
from morphogenetic_engine.sweeps.config_file import read_config

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_workload_takes_the_example(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(example.parent if example.stem == "function_sweep" else ROOT)
    file = read_config(example)
    if file.config.experiment.inputs:
        monkeypatch.chdir(tmp_path)  # the inputs are made where the example is tried
        for path in file.config.experiment.inputs.values():
            write_data_set(TrainingSettings(n_samples=60), tmp_path / path, replace=False)
    assert check_sweep(file, watch_seconds=0).trials > 1
