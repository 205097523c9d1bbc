"""Classification metrics per class: the numbers behind confusion matrices and ROC curves.

scikit-learn is imported only where it is used, so that reading stored results does not require it.
"""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# N: samples, C: classes

ROC_POINTS = 200
"""The maximum number of points of a stored curve: more are not visible and cost memory."""


@dataclass(frozen=True)
class RocCurve:
    """False and true positive rates as the threshold falls, from (0, 0) to (1, 1); thresholds are finite."""

    false_positive_rates: tuple[float, ...]
    true_positive_rates: tuple[float, ...]
    thresholds: tuple[float, ...]
    area: float
    """The area under the full curve, before it was thinned to `ROC_POINTS`."""


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and ROC of one class against the others."""

    samples: int
    precision: float
    """0 if no sample was assigned to the class."""
    recall: float
    f1: float
    area: float | None
    """The area under the ROC curve of this class against the others; None if all samples are on one side."""


@dataclass(frozen=True)
class Classification:
    """The classification metrics of one split."""

    samples: int
    accuracy: float
    log_loss: float
    confusion_CC: tuple[tuple[int, ...], ...]
    """The number of samples by true class (rows) and predicted class (columns)."""
    classes: tuple[ClassScore, ...]
    roc: RocCurve | None
    """For two classes the curve of class 1; for more classes the micro-average over all sample-class pairs."""


def classification(p_NC: NDArray[np.float64], y_N: NDArray[np.int64]) -> Classification:
    """Computes the classification metrics of class probabilities p_NC for true classes y_N, numbered from 0.

    Raises:
        ValueError: there are no samples, or the shapes of the arrays do not match.
    """
    from sklearn import metrics

    samples, count = p_NC.shape
    if not samples or y_N.shape != (samples,):
        raise ValueError(f"must be the probabilities and classes of samples, but got {p_NC.shape} and {y_N.shape}")
    guess_N, labels = p_NC.argmax(axis=1), np.arange(count)
    found = metrics.confusion_matrix(y_N, guess_N, labels=labels)
    scores = metrics.precision_recall_fscore_support(y_N, guess_N, labels=labels, zero_division=0)
    return Classification(
        samples=samples,
        accuracy=float(np.mean(guess_N == y_N)),
        # The probabilities are float32, so their sum is 1 only to float32 precision.
        log_loss=float(metrics.log_loss(y_N, p_NC / p_NC.sum(axis=1, keepdims=True), labels=labels)),
        confusion_CC=tuple(tuple(map(int, row)) for row in found),
        classes=tuple(
            ClassScore(int(support), float(precision), float(recall), float(f1), _area(y_N == label, p_NC[:, label]))
            for label, precision, recall, f1, support in zip(labels, *scores, strict=True)
        ),
        roc=_curve(p_NC, y_N),
    )


def _area(is_it_N: NDArray[np.bool_], score_N: NDArray[np.float64]) -> float | None:
    from sklearn.metrics import roc_auc_score

    return None if is_it_N.all() or not is_it_N.any() else float(roc_auc_score(is_it_N, score_N))


def _curve(p_NC: NDArray[np.float64], y_N: NDArray[np.int64]) -> RocCurve | None:
    from sklearn.metrics import roc_curve

    count = p_NC.shape[1]
    if count == 2:
        is_it_N, score_N = y_N == 1, p_NC[:, 1]
    else:
        is_it_N, score_N = (y_N[:, None] == np.arange(count)).ravel(), p_NC.ravel()
    area = _area(is_it_N, score_N)
    if area is None:
        return None
    false_rates, true_rates, thresholds = roc_curve(is_it_N, score_N)
    # scikit-learn starts the curve at an infinite threshold, which JSON cannot represent; no probability exceeds 1.
    thresholds = np.where(np.isfinite(thresholds), thresholds, math.nextafter(1, 2))
    kept = np.unique(np.linspace(0, len(thresholds) - 1, ROC_POINTS).round().astype(int))
    return RocCurve(
        tuple(map(float, false_rates[kept])),
        tuple(map(float, true_rates[kept])),
        tuple(map(float, thresholds[kept])),
        area,
    )
