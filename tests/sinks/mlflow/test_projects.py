"""`mlflow run`: the run that it opens is the sweep's, whichever process sends the sweep."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from morphogenetic_engine.sinks.mlflow import publish
from morphogenetic_engine.sweeps.record.events import Event
from tests.sinks.mlflow.conftest import MakeSweep
from tests.sinks.mlflow.kept_runs import Reader

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")]

ROOT = Path(__file__).parents[3]
SWEEP = """\
experiment: {command: [python3, -c, "print('val_acc={x}')"]}
parameters: {x: [0.25, 0.5]}
execution: {max_parallel: 1}
"""

OpenRun = Callable[..., str]


@pytest.fixture
def open_run(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[[str], Reader]
) -> OpenRun:
    """A function that opens a run in an experiment of its own, as `mlflow run` does."""

    def call(**params: str) -> str:
        client = reader(database).client
        run = client.create_run(client.create_experiment(tmp_path.name))
        for name, value in params.items():
            client.log_param(run.info.run_id, name, value)
        monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
        return str(run.info.run_id)

    return call


def test_the_open_run_becomes_the_sweeps(
    open_run: OpenRun,
    make_sweep: MakeSweep,
    four_trials: Sequence[Event],
    database: str,
    reader: Callable[[str], Reader],
    tmp_path: Path,
) -> None:
    run_id = open_run(config="sweep.yaml", hidden_dim="not the sweep's")
    folder = make_sweep(four_trials)
    del os.environ["MLFLOW_RUN_ID"]  # sent later, by a process that mlflow did not start
    assert publish(folder, uri=database).run_id == run_id
    kept = reader(database).sweep(folder, experiment=tmp_path.name)
    assert kept.run.run_id == run_id and sorted(kept.trials) == ["trial 0", "trial 1", "trial 2", "trial 3"]
    assert kept.run.params == {"config": "sweep.yaml", "hidden_dim": "not the sweep's", "deep": "true"}
    assert publish(folder, uri=database).trials == 0
    (folder.path / "tracking.json").unlink()
    assert publish(folder, uri=database).run_id == run_id
    assert reader(database).sweep(folder, experiment=tmp_path.name) == kept


def test_a_run_that_is_not_there_is_none(
    make_sweep: MakeSweep,
    four_trials: Sequence[Event],
    database: str,
    reader: Callable[[str], Reader],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    folder = make_sweep(four_trials)
    published = publish(folder, uri=database)
    assert published.run_id != "0" * 32
    assert reader(database).sweep(folder).run.run_id == published.run_id


def test_an_experiment_that_is_asked_for_comes_first(
    open_run: OpenRun, make_sweep: MakeSweep, four_trials: Sequence[Event], database: str
) -> None:
    run_id = open_run()
    assert publish(make_sweep(four_trials), uri=database, experiment="another one").run_id != run_id


def test_mlflow_run_sweeps_into_its_own_run(tmp_path: Path, reader: Callable[[str], Reader], database: str) -> None:
    shutil.copy(ROOT / "MLproject", tmp_path)
    (tmp_path / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "MLFLOW_TRACKING_URI": database,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_CEILING_DIRECTORIES": str(tmp_path.parent),
    }
    command = [sys.executable, "-m", "mlflow", "run", ".", "-e", "sweep", "-P", "config=sweep.yaml"]
    command += ["--env-manager", "local", "--experiment-name", tmp_path.name]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    client = reader(database).client
    found = client.get_experiment_by_name(tmp_path.name)
    assert found is not None
    runs = client.search_runs([found.experiment_id])
    (sweep,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert sweep.info.status == "FINISHED" and sweep.data.tags["mlflow.project.entryPoint"] == "sweep"
    assert sweep.data.params["config"] == "sweep.yaml" and "morphogenetic.sweep_id" in sweep.data.tags
    trials = [run for run in runs if run is not sweep]
    assert sorted(run.data.metrics["val_acc"] for run in trials) == [0.25, 0.5]
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {sweep.info.run_id}
