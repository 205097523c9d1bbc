"""Training in a component: the same metrics as in a sweep, and a folder that describes the model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from morphogenetic_engine.errors import ConfigError, StoreError, TrialFailed, WorkloadError
from morphogenetic_engine.steps.candidate import Candidate, best_candidate
from morphogenetic_engine.steps.evaluation import evaluation_of
from morphogenetic_engine.steps.trained.trained_model import Training, read_training, was_trained, write_training
from morphogenetic_engine.steps.training import Places, run_training, train
from morphogenetic_engine.sweeps.record.trials import WALL_CLOCK_METRICS
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.runner import run_sweep
from morphogenetic_engine.sweeps.schema.objective import Objective
from morphogenetic_engine.trial import Metrics
from morphogenetic_engine.workload.workload_kinds import WORKLOAD_KEYS, FunctionWorkload, ProgramWorkload, Workload
from tests.conftest import StartSweep
from tests.steps.conftest import Trained, parsed


def steady(metrics: Metrics) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if name not in WALL_CLOCK_METRICS}


def toy(function: str) -> str:
    return json.dumps({"experiment": {"workload": f"toy:{function}"}, "parameters": {"x": [1, 2]}})


PLACES = Places("model", "curve.csv", "curve.md")
ONE = Candidate(trial=0, seed=5, params={"x": 1})


@pytest.mark.slow
def test_the_best_trial_trained_again_has_the_metrics_that_the_sweep_found(start: StartSweep, tmp_path: Path) -> None:
    folder = start("""
        experiment: {problem_type: moons, n_samples: 120, num_layers: 1, warm_up_epochs: 3, adaptation_epochs: 1}
        parameters: {lr: [0.001, 0.03]}
        execution: {max_parallel: 1}
        """)
    run_sweep(folder)
    result = read_result(folder)
    best = best_candidate(result)
    training = run_training(result.config, best, tmp_path / "model", tmp_path / "curve.csv")
    assert result.best is not None
    assert steady(training.metrics) == steady(result.best.metrics)


def test_the_folder_says_how_its_model_is_used(trained: Trained) -> None:
    folder, training = trained()
    assert read_training(folder) == training
    engine = FunctionWorkload("morphogenetic_engine.engine.training:train")
    assert (training.workload, training.seed, training.trial) == (engine, 7, 3)
    assert (folder / "model.pt").exists()


def test_the_curve_has_a_row_for_each_step(trained: Trained) -> None:
    folder, training = trained()
    with (folder / "curve.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert float(rows[-1]["val_acc"]) == training.metrics["val_acc"]


@pytest.mark.parametrize(
    ("keys", "workload"),
    [
        ({"workload": "toy:nothing", "workload_source": None}, FunctionWorkload("toy:nothing")),
        ({"workload": "cell:f", "workload_source": "f = print"}, FunctionWorkload("cell:f", "f = print")),
        ({"workload": None, "workload_source": None}, None),
        ({"workload": None}, None),
    ],
)
def test_a_record_of_format_1_is_read(keys: dict[str, object], workload: Workload | None, tmp_path: Path) -> None:
    objective = {"metric": "val_acc", "direction": "maximize"}
    others = {"trial": 3, "seed": 7, "params": {"x": 1}, "metrics": {"val_acc": 0.5}, "found": {}, "seconds": 1.5}
    record = json.dumps({"format": 1, **keys, **others, "objective": objective})
    (tmp_path / "training.json").write_text(record, encoding="utf-8")
    training = read_training(tmp_path)
    assert training.workload == workload
    write_training(tmp_path, training)
    assert read_training(tmp_path) == training


@pytest.mark.parametrize(
    "workload",
    [
        FunctionWorkload("cell:f", "f = print"),
        ProgramWorkload(("p", ("--momentum", "{m}")), patterns=(r"acc is (?P<acc>\S+)",)),
    ],
)
def test_a_record_is_read_back_with_every_key_of_its_workload(workload: Workload, tmp_path: Path) -> None:
    objective = Objective(metric="acc")
    training = Training(workload=workload, trial=0, seed=1, params={}, metrics={}, objective=objective, seconds=0)
    write_training(tmp_path, training)
    assert read_training(tmp_path) == training and workload.keys.keys() <= WORKLOAD_KEYS


def test_a_program_is_trained_too(workplace: Path) -> None:
    program = "import sys; print('step=0 val_acc=0.5'); print('val_acc=0.75'); open(sys.argv[2] + '/kept', 'w')"
    command = ["python3", "-c", program, "{x}", "{dir}"]
    config = json.dumps({"experiment": {"command": command}, "parameters": {"x": [1]}})
    assert train(config, "", compiled_for="", places=PLACES) == {"val_acc": 0.75}
    assert (workplace / "model" / "kept").exists()
    assert read_training(workplace / "model").workload == ProgramWorkload(tuple(command))
    assert evaluation_of(workplace / "model", None).metrics == {"val_acc": 0.75}
    assert (workplace / "curve.csv").read_text(encoding="utf-8") == "step,val_acc\n0,0.5\n"


@pytest.mark.usefixtures("importable")
def test_what_was_reported_before_a_failure_is_kept() -> None:
    config = parsed("experiment: {command: [sh, -c, 'echo step=4 val_acc=0.5; exit 3', '{x}']}\nparameters: {x: [1]}")
    with pytest.raises(TrialFailed, match="sh ended with status 3"):
        run_training(config, ONE, Path("model"), Path("curve.csv"))
    assert Path("curve.csv").read_text(encoding="utf-8") == "step,val_acc\n4,0.5\n"


@pytest.mark.usefixtures("importable")
def test_an_exception_of_the_workload_passes_through_with_its_traceback() -> None:
    config = parsed("experiment: {workload: 'toy:moody', mood: raise}\nparameters: {x: [1]}")
    candidate = Candidate(trial=0, seed=5, params={"x": 1, "mood": "raise"})
    with pytest.raises(ZeroDivisionError, match="no luck"):
        run_training(config, candidate, Path("model"), Path("curve.csv"))


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        (toy("missing"), WorkloadError, "experiment.workload: toy has no function 'missing'"),
        (toy("quadratic"), None, ""),
        (
            json.dumps({"experiment": {"workload": "toy:declared"}, "parameters": {"z": [1]}}),
            ConfigError,
            "x: unknown parameter",
        ),
        (
            json.dumps(
                {
                    "experiment": {"workload": "toy:nothing"},
                    "parameters": {"x": [1]},
                    "optimization": {"target_metric": "loss"},
                }
            ),
            ConfigError,
            "optimization.target_metric: the workload did not report loss; its metrics: val_acc",
        ),
    ],
)
def test_a_workload_that_does_not_take_the_configuration(
    config: str, error: type[Exception] | None, message: str
) -> None:
    candidate = Candidate(trial=0, seed=5, params={"z": 1} if "declared" in config else {"x": 1})
    if error is None:
        assert run_training(parsed(config), candidate, Path("model"), Path("curve.csv")).metrics["twice"]
        return
    with pytest.raises(error, match=message.replace("x: unknown", "z: unknown")):
        run_training(parsed(config), candidate, Path("model"), Path("curve.csv"))


def test_a_component_ends_with_one_line() -> None:
    with pytest.raises(SystemExit) as caught:
        train("{", "", compiled_for="", places=PLACES)
    assert str(caught.value).startswith("train: config: is not valid JSON: ")
    with pytest.raises(SystemExit, match=r"^train: config: experiment.replicates: must be >= 1, but got 0$"):
        train('{"experiment": {"replicates": 0}}', "", compiled_for="", places=PLACES)


def test_a_folder_that_training_did_not_leave(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no training.json; it must be the model of the component train"):
        read_training(tmp_path)


@pytest.mark.usefixtures("importable")
def test_defaults_that_were_edited_away_are_not_trained_and_that_is_no_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train(toy("quadratic"), "baseline", compiled_for="", places=PLACES) == {}
    assert "the configuration has no defaults: nothing is trained" in capsys.readouterr().out
    assert (Path("model") / "README.md").exists() and not was_trained(Path("model"))
    assert Path("curve.csv").exists() and Path("curve.md").exists()
