"""How good predicted probabilities are, class by class: the numbers that confusion matrices and ROC curves draw.

scikit-learn is imported where it computes, so that who only reads these numbers does without it.
"""

# pylint: disable=import-outside-toplevel
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# N: samples, C: classes

ROC_POINTS = 200
"""Points of a curve at most; more cannot be seen, and whoever shows a curve keeps all of it in memory."""


@dataclass(frozen=True)
class RocCurve:
    """False and true positive rates as the threshold falls, from (0, 0) to (1, 1); thresholds are finite."""

    false_positive_rates: tuple[float, ...]
    true_positive_rates: tuple[float, ...]
    thresholds: tuple[float, ...]
    area: float
    """Of the whole curve, also where `ROC_POINTS` left points out."""


@dataclass(frozen=True)
class ClassScore:
    """How well one class is told from the others."""

    samples: int
    precision: float
    """0 where no sample was put into the class."""
    recall: float
    f1: float
    area: float | None
    """Under the ROC curve of this class against the others; None: all samples are of one side."""


@dataclass(frozen=True)
class Classification:
    """What predictions for one split come to."""

    samples: int
    accuracy: float
    log_loss: float
    confusion_CC: tuple[tuple[int, ...], ...]
    """Samples by their class (rows) and the class that they were put into (columns)."""
    classes: tuple[ClassScore, ...]
    roc: RocCurve | None
    """Two classes: that of class 1. More: every pair of a sample and a class is one decision (micro-average)."""


def classification(p_NC: NDArray[np.float64], y_N: NDArray[np.int64]) -> Classification:
    """Return how good the probability of each class is, given the classes, from 0.

    Raises:
        ValueError: there is no sample, or the arrays do not fit each other.
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
        # a network's probabilities are float32 and add up to 1 in its digits only
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
    # scikit-learn starts a curve at an infinite threshold, which JSON does not have; no probability is over 1
    thresholds = np.where(np.isfinite(thresholds), thresholds, math.nextafter(1, 2))
    kept = np.unique(np.linspace(0, len(thresholds) - 1, ROC_POINTS).round().astype(int))
    return RocCurve(
        tuple(map(float, false_rates[kept])),
        tuple(map(float, true_rates[kept])),
        tuple(map(float, thresholds[kept])),
        area,
    )
