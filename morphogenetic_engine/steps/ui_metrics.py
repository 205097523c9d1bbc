"""An evaluation as the Kubeflow UI draws it: a table of metrics, a confusion matrix, an ROC curve."""

from __future__ import annotations

from typing import Protocol

from morphogenetic_engine.steps.evaluation_file import Evaluation


class MetricsArtifact(Protocol):
    """The part of kfp's `Metrics` that is used."""

    def log_metric(self, metric: str, value: float) -> None: ...


class ClassificationArtifact(Protocol):
    """The part of kfp's `ClassificationMetrics` that is used."""

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None: ...

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None: ...


def log_metrics(artifact: MetricsArtifact, found: Evaluation) -> None:
    """Log the numbers in short."""
    for name, value in found.metrics.items():
        artifact.log_metric(name, value)


def log_confusion_matrix(artifact: ClassificationArtifact, found: Evaluation) -> None:
    """Log the confusion matrix of the test split; a model that cannot be used leaves the artifact empty."""
    if found.test is not None:
        names = [str(label) for label in range(len(found.test.classes))]
        artifact.log_confusion_matrix(names, [list(row) for row in found.test.confusion_CC])


def log_roc_curve(artifact: ClassificationArtifact, found: Evaluation) -> None:
    """Log the ROC curve of the test split; without one the artifact stays empty."""
    if found.test is not None and found.test.roc is not None:
        roc = found.test.roc
        artifact.log_roc_curve(list(roc.false_positive_rates), list(roc.true_positive_rates), list(roc.thresholds))
