"""A registered model is complete: it loads in another process with the code that is stored with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from morphogenetic_engine.sinks.mlflow.model_files import trial_model, write_model
from morphogenetic_engine.sweeps.config_file import read_config
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.run.start import start_sweep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),  # of mlflow's own classes
]

OWN = """
import numpy as np
from morphogenetic_engine.trial import Predictions, SavedModels, declare

CLASSES = np.array([0, 1])

def predictor(folder):
    x = float((folder / "model.txt").read_text())
    return lambda x_NF: np.tile([x, 1 - x], (len(x_NF), 1))

def predictions(params, seed, folder):
    p_NC = predictor(folder)(np.zeros((2, 3)))
    return Predictions("own", p_NC, CLASSES, p_NC, CLASSES)

@declare(models=SavedModels(predictions, predictor, lambda folder: np.zeros((2, 3))))
def train(params, trial):
    (trial.dir / "model.txt").write_text(str(params["x"]))
    return {"val_acc": params["x"]}
"""

LOAD = """
import json, sys
import numpy as np
import mlflow
model = mlflow.pyfunc.load_model(sys.argv[1])
print(json.dumps([model.predict(np.ones((1, 3))).tolist(), sys.modules["morphogenetic_engine"].__file__]))
"""


@pytest.mark.parametrize("experiment", [{"workload": "own:train"}, {"workload": "cell:train", "workload_source": OWN}])
def test_the_model_of_a_users_workload_loads_with_the_code_that_is_stored_with_it(
    experiment: dict[str, object], workplace: Path, tmp_path: Path
) -> None:
    (workplace / "own.py").write_text(OWN, encoding="ascii")
    (workplace / "sweep.yaml").write_text(json.dumps({"experiment": experiment, "parameters": {"x": [0.25, 0.75]}}))
    folder = start_sweep(read_config(workplace / "sweep.yaml"), results=tmp_path / "results")
    run_sweep(folder)
    result = read_result(folder)
    assert result.best is not None
    model = tmp_path / "model"
    write_model(trial_model(folder, result, result.best), model)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-c", LOAD, str(model)]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    probabilities, package = json.loads(done.stdout.splitlines()[-1])
    assert probabilities == [[0.75, 0.25]]
    assert Path(package).is_relative_to(model / "code")
