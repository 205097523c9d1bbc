"""Compares a trained model with simpler baselines, on the same samples of the test split."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.sweeps.ensemble.diversity import mcnemar_p
from morphogenetic_engine.trial import Predictions


class Baseline(StrEnum):
    """The baselines of a model."""

    FREQUENT_CLASS = "frequent_class"
    """Always predicts the most frequent class of the validation split; of equals, the first."""
    DEFAULTS = "defaults"
    """The configuration that the defaults of the sweep describe."""


class Comparison(BaseModel):
    """A model beside a simpler one, on the same samples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline: Baseline
    samples: int
    accuracy: float
    baseline_accuracy: float
    gained: int
    """Samples that the model has right and the baseline wrong."""
    lost: int
    """Samples that the model has wrong and the baseline right."""
    p_value: float
    """The p-value of McNemar's exact test, two-sided."""


def with_most_frequent_class(found: Predictions) -> Comparison:
    """Compares with `Baseline.FREQUENT_CLASS`."""
    frequent = int(np.bincount(found.validation_y_N).argmax())
    return _compared(Baseline.FREQUENT_CLASS, found, np.full(len(found.test_y_N), frequent))


def with_baseline(found: Predictions, baseline: Predictions) -> Comparison | None:
    """Compares with `Baseline.DEFAULTS`; None: it was trained on other data, so samples cannot be paired."""
    if found.data != baseline.data:
        return None
    return _compared(Baseline.DEFAULTS, found, baseline.test_p_NC.argmax(axis=1))


def _compared(baseline: Baseline, found: Predictions, baseline_N: NDArray[np.int64]) -> Comparison:
    right_N = found.test_p_NC.argmax(axis=1) == found.test_y_N
    other_N = baseline_N == found.test_y_N
    gained, lost = int(np.sum(right_N & ~other_N)), int(np.sum(~right_N & other_N))
    return Comparison(
        baseline=baseline,
        samples=len(right_N),
        accuracy=float(np.mean(right_N)),
        baseline_accuracy=float(np.mean(other_N)),
        gained=gained,
        lost=lost,
        p_value=mcnemar_p(gained, lost),
    )
