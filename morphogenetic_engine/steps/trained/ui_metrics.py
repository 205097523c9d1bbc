"""Logs results for the Kubeflow UI: tables of metrics, a confusion matrix, an ROC curve.

The UI renders the metadata of an artifact. Each artifact also has a file with the same numbers, because the UI's
preview fails without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import orjson

from morphogenetic_engine.errors import StoreError
from morphogenetic_engine.steps.trained.evaluation_file import Evaluation


class MetricsArtifact(Protocol):
    """The part of kfp's `Metrics` that is used."""

    @property
    def path(self) -> str: ...

    def log_metric(self, metric: str, value: float) -> None: ...


class ClassificationArtifact(Protocol):
    """The part of kfp's `ClassificationMetrics` that is used."""

    @property
    def path(self) -> str: ...

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None: ...

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None: ...


def log_metrics(artifact: MetricsArtifact, metrics: Mapping[str, float]) -> None:
    """Logs metrics by name."""
    for name, value in metrics.items():
        artifact.log_metric(name, value)
    _write(artifact.path, dict(metrics))


def log_evaluation(
    found: Evaluation, metrics: MetricsArtifact, confusion: ClassificationArtifact, roc: ClassificationArtifact
) -> None:
    """Logs an evaluation; the parts that need the model stay empty if the workload declares no models."""
    log_metrics(metrics, found.metrics)
    log_confusion_matrix(confusion, found)
    log_roc_curve(roc, found)


def log_confusion_matrix(artifact: ClassificationArtifact, found: Evaluation) -> None:
    """Logs the confusion matrix of the test split; the artifact stays empty if the workload declares no models."""
    matrix = [list(row) for row in found.test.confusion_CC] if found.test is not None else []
    _write(artifact.path, matrix)
    if found.test is not None:
        names = [str(label) for label in range(len(found.test.classes))]
        artifact.log_confusion_matrix(names, matrix)


def log_roc_curve(artifact: ClassificationArtifact, found: Evaluation) -> None:
    """Logs the ROC curve of the test split; without one the artifact stays empty."""
    roc = found.test.roc if found.test is not None else None
    _write(artifact.path, {} if roc is None else roc)
    if roc is not None:
        artifact.log_roc_curve(list(roc.false_positive_rates), list(roc.true_positive_rates), list(roc.thresholds))


def _write(path: str, numbers: object) -> None:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(orjson.dumps(numbers, option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
