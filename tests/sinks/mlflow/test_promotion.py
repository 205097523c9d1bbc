"""Promotion: the model that gets the alias, those that do not, and loading it elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from morphogenetic_engine.engine.checkpoints.predictions import predictor
from morphogenetic_engine.errors import ConfigError, SweepError, WorkloadError
from morphogenetic_engine.sinks.mlflow.model_registry import ModelRegistry
from morphogenetic_engine.sinks.mlflow.promotion import promote
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.record.events import ConfirmationEnded, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep
from tests.cli.conftest import Command, command

__all__ = ["command"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),  # of mlflow's own classes
]

SWEEP = """\
experiment: {{problem_type: {problem}, n_samples: 120, hidden_dim: 8, num_layers: 1, seeds_per_layer: 0,
  warm_up_epochs: {epochs}, adaptation_epochs: 0}}
parameters: {{lr: {lr}}}
execution: {{max_parallel: 1}}
"""


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SweepFolder]:
    """A sweep that learns, one that hardly does, and one on other data."""
    place = tmp_path_factory.mktemp("sweeps")

    def make(name: str, problem: str, epochs: int, lr: str) -> SweepFolder:
        file = place / f"{name}.yaml"
        file.write_text(SWEEP.format(problem=problem, epochs=epochs, lr=lr), encoding="utf-8")
        folder = start_sweep(read_config(file), results=place / "results" / "sweeps", sweep_id=name)
        run_sweep(folder)
        return folder

    return {
        "good": make("good", "moons", 20, "[0.03, 1.0e-6]"),
        "bad": make("bad", "moons", 1, "[1.0e-7]"),
        "other": make("other", "complex_moons", 1, "[0.03]"),
    }


def value_of(folder: SweepFolder) -> float:
    return read_result(folder).ranked[0].metrics["val_acc"]


def test_only_the_better_model_gets_the_alias(sweeps: dict[str, SweepFolder], database: str) -> None:
    good, bad, other = sweeps["good"], sweeps["bad"], sweeps["other"]
    assert value_of(bad) < value_of(good)
    moons = partial(promote, name="moons", alias="champion", uri=database)
    first = moons(bad)
    assert first.promoted and first.version == "1"

    refused = moons(good, threshold=1.1)
    assert not refused.promoted and "is worse than the threshold 1.1" in refused.reason
    better = moons(good, threshold=0.5)
    assert better.promoted and better.version == "2" and "trial 0" in better.reason

    worse = moons(bad)
    assert not worse.promoted and worse.version == "2"
    assert "is worse than version 2, which has the alias: val_acc=" in worse.reason
    assert "other data" in moons(other).reason

    again = moons(good)
    assert again.promoted and again.version == "2" and "already" in again.reason
    forced = moons(bad, force=True)
    assert forced.promoted and forced.version == "1"  # registered once, pointed at again
    holder = ModelRegistry(database).holder("moons", "champion")
    assert holder is not None and holder.tags["morphogenetic.sweep_id"] == "bad"


def test_a_confirmed_trial_goes_before_a_lucky_one_and_fresh_seeds_are_what_counts(
    sweeps: dict[str, SweepFolder], database: str, tmp_path: Path
) -> None:
    folder = SweepFolder(tmp_path / "results" / "sweeps" / "lucky")
    shutil.copytree(sweeps["good"].path, folder.path)
    info = folder.read_info()
    folder.write_info(info.model_copy(update={"sweep_id": "lucky"}))
    promote_it = partial(promote, folder, name="lucky", alias="champion", uri=database)
    assert "trial 0" in promote_it().reason

    with Journal(folder.journal) as journal:
        for index, value in enumerate((0.25, 0.75)):
            metrics = {"val_acc": value}
            journal.append(ConfirmationEnded(0.0, 1, index, index, TrialState.COMPLETE, 1.0, metrics))
    refused = promote_it(threshold=0.6)
    assert refused.reason == "trial 1 with val_acc=0.5 (mean of 2 fresh seeds) is worse than the threshold 0.6"
    assert "judged by maximize val_acc in the search" in promote_it(threshold=0.4).reason
    assert promote_it(threshold=0.4, force=True).version == "2"

    with Journal(folder.journal) as journal:
        metrics = {"val_acc": 0.9}
        journal.append(ConfirmationEnded(0.0, 0, 0, 0, TrialState.COMPLETE, 1.0, metrics))
    best = promote_it()
    assert best.promoted and best.version == "3" and "trial 0 with val_acc=0.9 (mean of 1 fresh" in best.reason


def test_others_load_it_and_get_the_probabilities_of_the_trial(
    sweeps: dict[str, SweepFolder], database: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweeps["good"]
    options = ["--sweep-id", "good", "--results", str(folder.path.parent), "--name", "served", "--uri", database]
    ran = command("sweep", "promote", *options, "--min-value", "0.5")
    assert ran.status == 0 and ran.out.endswith("is champion now: models:/served@champion, version 1\n")
    ran = command("sweep", "promote", *options, "--threshold", "1.1")
    assert ran.status == 1 and ran.err.startswith("not promoted: trial 0 with val_acc=")

    import mlflow  # pylint: disable=import-outside-toplevel  # only this test needs it

    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    mlflow.set_tracking_uri(database)
    model = mlflow.pyfunc.load_model("models:/served@champion")
    x_NF = np.array([[0.0, 0.5, 0.0], [1.0, 0.0, 0.0]])
    expected = predictor(folder.trial(0))(x_NF)
    assert np.array_equal(model.predict(x_NF), expected)
    signature = model.metadata.signature
    assert [spec.shape for spec in (*signature.inputs, *signature.outputs)] == [(-1, 3), (-1, 2)]
    assert model.input_example.shape == (5, 3)

    (tmp_path / "input.json").write_text(json.dumps({"inputs": x_NF.tolist()}), encoding="ascii")
    served = [sys.executable, "-m", "mlflow", "models", "predict", "-m", "models:/served@champion"]
    served += ["-i", str(tmp_path / "input.json"), "-o", str(tmp_path / "output.json"), "--env-manager", "local"]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(served, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads((tmp_path / "output.json").read_text(encoding="utf-8"))["predictions"]
    assert np.allclose(answer, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "alias", "message"),
    [
        ("a/b", "champion", "--name: must be letters"),
        ("", "champion", "--name: must be"),
        ("fine", "v1", "--alias: must be letters"),
        ("fine", "latest", "not latest or v1"),
    ],
)
def test_names_that_mlflow_does_not_take_are_named(
    sweeps: dict[str, SweepFolder], name: str, alias: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        promote(sweeps["good"], name=name, alias=alias)


def test_a_sweep_without_a_model_cannot_be_promoted(workplace: Path) -> None:
    text = "experiment: {workload: 'toy:quadratic'}\nparameters: {x: [1, 2]}\nexecution: {max_parallel: 1}\n"
    (workplace / "sweep.yaml").write_text(text, encoding="utf-8")
    folder = start_sweep(read_config(Path("sweep.yaml")), results=Path("results/sweeps"))
    with pytest.raises(SweepError, match="no trial is complete"):
        promote(folder, name="none", alias="champion")
    run_sweep(folder)
    with pytest.raises(WorkloadError, match="does not say how its models are used"):
        promote(folder, name="none", alias="champion")
