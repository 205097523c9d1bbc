"""A sweep file that holds the source of its workload works with every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morphogenetic_engine.cli.main import morphogenetic, run
from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sweeps.config_file import config_of_text
from morphogenetic_engine.sweeps.run.start import continue_sweep, start_sweep

FILE = """
sweep_type: grid
experiment:
  workload: sweep_source:train
  workload_source: |
    import multiprocessing

    def half(x):
        return x / 2

    def train(params, trial):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return {"val_acc": pool.apply(half, (params["x"],))}
parameters: {x: [4, 2]}
execution: {max_parallel: 1}
"""


@pytest.fixture
def sweep_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sweep file in a folder that has no module beside it."""
    monkeypatch.chdir(tmp_path)
    Path("sweep.yaml").write_text(FILE, encoding="utf-8")
    return "sweep.yaml"


@pytest.mark.slow
def test_it_runs_with_processes_of_its_own(sweep_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(morphogenetic, ["sweep", "run", "--config", sweep_file, "--sweep-id", "one"]) == 0
    assert "best: trial 0  val_acc=2" in capsys.readouterr().out


@pytest.mark.slow
def test_it_is_checked_before_it_runs(sweep_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(morphogenetic, ["sweep", "check", "--config", sweep_file, "--watch", "0"]) == 0
    assert "2 trials" in capsys.readouterr().out


@pytest.mark.slow
def test_one_trial_of_it_runs_by_itself(sweep_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(morphogenetic, ["trial", "run", "--config", sweep_file, "--param", "x=2"]) == 0
    assert "val_acc=1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        ("{workload_source: 'x = 1'}", "workload_source needs a workload module:function"),
        ("{workload: 'a.b:train', workload_source: 'x = 1'}", "whose module has no dots in its name"),
        ("{workload: 'a:train', workload_source: 'def'}", "workload_source must be Python source: invalid syntax"),
        ("{command: [echo], workload_source: 'x = 1'}", "workload_source needs a workload module:function"),
    ],
)
def test_a_source_that_no_worker_could_import_is_refused(experiment: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config_of_text(f"experiment: {experiment}\nparameters: {{x: [1, 2]}}", where="sweep.yaml")
    assert message in str(refused.value)


def test_sweeps_without_a_source_keep_the_identity_that_they_had() -> None:
    config = config_of_text("parameters: {x: [1, 2]}", where="sweep.yaml").config
    assert "workload_source" not in json.dumps(config.identifying) + config.canonical_json


def test_another_source_is_another_sweep(tmp_path: Path) -> None:
    start_sweep(config_of_text(FILE, where="sweep.yaml"), results=tmp_path, sweep_id="one")
    changed = config_of_text(FILE.replace("x / 2", "x / 3"), where="sweep.yaml")
    with pytest.raises(SweepError, match="its source has changed: line 4 is 'return x / 2' in this sweep, but got"):
        continue_sweep("one", results=tmp_path, file=changed)
