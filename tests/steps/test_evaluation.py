"""The evaluation of a trained model: its metrics, and comparisons with baselines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from morphogenetic_engine.errors import StoreError, SweepError
from morphogenetic_engine.steps.candidate import Candidate
from morphogenetic_engine.steps.evaluation import evaluate, evaluation_of
from morphogenetic_engine.steps.trained.comparison import Baseline, with_baseline, with_most_frequent_class
from morphogenetic_engine.steps.trained.evaluation_file import read_evaluation
from morphogenetic_engine.steps.trained.ui_metrics import log_confusion_matrix, log_evaluation, log_roc_curve
from morphogenetic_engine.steps.training import run_training
from morphogenetic_engine.trial import Predictions
from tests.steps.conftest import Trained, parsed


def predictions(guesses: list[int], *, data: str = "some data") -> Predictions:
    p_NC = np.eye(2)[guesses]
    return Predictions(data, p_NC, np.array([1, 1, 0, 1]), p_NC, np.array([0, 0, 1, 1]))


def test_the_model_is_evaluated_on_the_test_split(trained: Trained, tmp_path: Path) -> None:
    folder, training = trained()
    found = evaluate(str(folder), None, evaluation=str(tmp_path / "evaluation.json"))
    assert read_evaluation(tmp_path / "evaluation.json") == found
    assert found.test is not None
    assert found.test.samples == 18
    assert found.test.accuracy == pytest.approx(training.metrics["test_acc"])
    assert [each.baseline for each in found.comparisons] == [Baseline.FREQUENT_CLASS]
    assert found.metrics["test_acc"] == found.test.accuracy
    assert found.metrics["val_acc"] == training.metrics["val_acc"]


def test_the_model_is_compared_with_that_of_the_defaults(trained: Trained) -> None:
    (best, training), (defaults, baseline) = trained(), trained(lr=1e-3, hidden_dim=4)
    found = evaluation_of(best, defaults)
    compared = found.comparisons[1]
    assert compared.baseline is Baseline.DEFAULTS
    assert compared.accuracy == pytest.approx(training.metrics["test_acc"])
    assert compared.baseline_accuracy == pytest.approx(baseline.metrics["test_acc"])
    assert found.metrics["val_acc_defaults"] == baseline.metrics["val_acc"]
    assert found.note == ""


def test_models_of_different_data_are_not_compared_sample_by_sample(trained: Trained) -> None:
    found = evaluation_of(trained()[0], trained(problem_type="spirals")[0])
    assert [each.baseline for each in found.comparisons] == [Baseline.FREQUENT_CLASS]
    assert found.note == "the defaults describe other data, so nothing can be compared sample by sample"
    assert found.baseline is not None


def test_comparisons_count_samples() -> None:
    one, other = predictions([0, 0, 1, 0]), predictions([0, 1, 0, 1])
    compared = with_baseline(one, other)
    assert compared is not None
    assert (compared.gained, compared.lost, compared.accuracy, compared.baseline_accuracy) == (2, 1, 0.75, 0.5)
    assert compared.p_value == 1
    assert with_baseline(one, predictions([0, 1, 0, 1], data="other data")) is None


def test_the_most_frequent_class_is_that_of_the_validation_split() -> None:
    compared = with_most_frequent_class(predictions([0, 0, 1, 1]))
    assert (compared.baseline_accuracy, compared.gained, compared.lost) == (0.5, 2, 0)


def test_a_workload_that_saves_no_model_is_evaluated_by_its_metrics(importable: Path) -> None:
    config = parsed("experiment: {workload: 'toy:nothing'}\nparameters: {x: [1]}")
    run_training(config, Candidate(trial=0, seed=1, params={"x": 1}), importable / "model", importable / "curve.csv")
    found = evaluation_of(importable / "model", None)
    assert (found.test, found.comparisons) == (None, ())
    assert found.note == "the workload does not say how its models are used"
    assert found.metrics == {"val_acc": 1.0}


def test_a_model_that_was_not_saved_is_said(trained: Trained) -> None:
    folder, _ = trained(save_model=False)
    found = evaluation_of(folder, None)
    assert found.test is None
    assert found.note.startswith("the workload saved no model: ")
    found = evaluation_of(trained()[0], folder)
    assert found.note.startswith("the model of the defaults cannot be used: ")


def test_a_folder_without_a_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^evaluate: .*holds no training\.json"):
        evaluate(str(tmp_path), None, evaluation=str(tmp_path / "evaluation.json"))
    with pytest.raises(StoreError):
        read_evaluation(tmp_path / "evaluation.json")
    (tmp_path / "evaluation.json").write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(SweepError, match="is of format 99"):
        read_evaluation(tmp_path / "evaluation.json")


@dataclass
class Artifact:
    """Takes what kfp's artifacts take."""

    path: str
    logged: dict[str, object] = field(default_factory=dict)

    def log_metric(self, metric: str, value: float) -> None:
        self.logged[metric] = value

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None:
        self.logged["matrix"] = (categories, matrix)

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None:
        self.logged["curve"] = (fpr, tpr, threshold)


def test_the_kubeflow_ui_is_given_the_same_numbers(trained: Trained, tmp_path: Path) -> None:
    found, artifact = evaluation_of(trained()[0], None), Artifact(str(tmp_path / "out" / "artifact"))
    assert found.test is not None and found.test.roc is not None
    log_evaluation(found, artifact, artifact, artifact)
    assert artifact.logged.pop("matrix") == (["0", "1"], list(map(list, found.test.confusion_CC)))
    curve = artifact.logged.pop("curve")
    assert curve == tuple(
        map(list, (found.test.roc.false_positive_rates, found.test.roc.true_positive_rates, found.test.roc.thresholds))
    )
    assert artifact.logged == found.metrics


def test_without_a_model_the_artifacts_stay_empty(trained: Trained, tmp_path: Path) -> None:
    found, artifact = evaluation_of(trained(save_model=False)[0], None), Artifact(str(tmp_path / "artifact"))
    log_confusion_matrix(artifact, found)
    log_roc_curve(artifact, found)
    assert not artifact.logged
