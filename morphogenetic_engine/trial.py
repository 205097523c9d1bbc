"""The trial contract: what a workload is given and what it returns, whoever carries it.

A workload is a function `train(params, trial) -> metrics`. The same function runs in a local worker process, in a
container of a Katib trial and in a Kubeflow Pipelines component. This module needs the standard library alone, so
that a user's training code can import it anywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from morphogenetic_engine.errors import FailureReason, TrialFailed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = bool | int | float | str
"""What one parameter may hold."""

Params = Mapping[str, Value]
"""Fixed and searched parameters together, typed."""

Metrics = Mapping[str, float]
"""Finite numbers by name; what `train` returns holds the objective."""

METRIC_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""Metric names that every carrier can pass on; Katib's collector would cut `val/acc` down to `acc`."""


def text(value: Value) -> str:
    """Return the text of a parameter's value: `true`, `3`, `0.001`, or the string itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


class Trial(Protocol):
    """One configuration that is being run; the workload's only link to the sweep."""

    @property
    def number(self) -> int:
        """The trial's place in the sweep, from 0."""

    @property
    def seed(self) -> int:
        """A function of the sweep's seed and the trial's number: seed every generator from it."""

    @property
    def dir(self) -> Path:
        """The trial's own folder; it exists, and what is written there is kept."""

    def report(self, step: int, metrics: Metrics) -> None:
        """Record the metrics of one step (an epoch, a fold).

        Raises:
            Pruned: the trial should end now; let it pass through.
            Paused: the trial should end for now; let it pass through. It may be called again with the same parameters,
                seed and folder, and goes on from what it saved there.
            TrialFailed: a metric is not a finite number, the step is not a whole number, or the trial has ended.
        """


class Train(Protocol):
    """The signature of a workload."""

    def __call__(self, params: Params, trial: Trial, /) -> Metrics: ...


@dataclass(frozen=True)
class Predictions:
    """What a trial's saved model makes of two splits that it was not trained on: N samples, C classes."""

    data: str
    """Which samples these are, in which order: models with different ones cannot be compared or mixed."""
    validation_p_NC: NDArray[np.float64]
    """The probability of each class."""
    validation_y_N: NDArray[np.int64]
    """The classes, from 0."""
    test_p_NC: NDArray[np.float64]
    test_y_N: NDArray[np.int64]


class Predictor(Protocol):
    """A saved model as a function: samples as they are in the data, x_NF, to the probability of each class, p_NC."""

    def __call__(self, x_NF: NDArray[np.float64], /) -> NDArray[np.float64]: ...


@dataclass(frozen=True)
class SavedModels:
    """How others use the models that a workload leaves in the folders of its trials.

    Both raise StoreError when the folder holds no whole model.
    """

    predictions: Callable[[Params, int, Path], Predictions]
    """(params, seed, trial folder) -> the model's predictions for its validation and test split."""
    predictor: Callable[[Path], Predictor]
    """(trial folder) -> the model as a function."""
    example: Callable[[Path], NDArray[np.float64]] | None = None
    """(trial folder) -> a few samples such as the function takes, x_NF; None: its models cannot be registered."""


@dataclass(frozen=True)
class Declaration:
    """What a workload says of itself, so that a mistake is found before the first trial rather than in every trial."""

    parameters: frozenset[str] | None = None
    """The names it knows; None: any name is taken."""
    metrics: frozenset[str] | None = None
    """The metrics that it returns; None: not said."""
    check: Callable[[Params], None] | None = None
    """Raises ConfigError for values that it cannot run with; cheap, trains nothing."""
    models: SavedModels | None = None
    """The models that it saves; None: it saves none, or nobody may use them."""


_F = TypeVar("_F", bound=Callable[..., object])
_ATTRIBUTE = "__morphogenetic_declaration__"


def declare(
    *,
    parameters: frozenset[str] | None = None,
    metrics: frozenset[str] | None = None,
    check: Callable[[Params], None] | None = None,
    models: SavedModels | None = None,
) -> Callable[[_F], _F]:
    """Attach a `Declaration` to a workload function. Optional: a bare function is a workload too."""

    def attach(train: _F) -> _F:
        setattr(train, _ATTRIBUTE, Declaration(parameters, metrics, check, models))
        return train

    return attach


def declaration_of(train: object) -> Declaration:
    """Return what `declare` attached to the workload, or an empty declaration."""
    declaration = getattr(train, _ATTRIBUTE, None)
    return declaration if isinstance(declaration, Declaration) else Declaration()


_LARGEST_STEP = 2**53
"""Steps are whole numbers that every float, database and JSON reader holds exactly."""


def checked_step(step: object) -> int:
    """Return a step as a plain integer, fit for every carrier.

    Raises:
        TrialFailed: not a whole number, or too large.
    """
    try:
        whole = int(step)  # type: ignore[call-overload]  # whatever converts: NumPy's integers too
        exact = whole == step
    except (TypeError, ValueError, OverflowError) as error:
        raise TrialFailed(f"the step of a report must be a whole number, but got {step!r:.80}") from error
    if not exact or abs(whole) > _LARGEST_STEP:
        raise TrialFailed(f"the step of a report must be a whole number up to 2^53, but got {step!r:.80}")
    return int(whole)


def checked_metrics(metrics: object) -> dict[str, float]:
    """Return the metrics as plain floats, fit for every carrier.

    Raises:
        TrialFailed: not a mapping of allowed names to finite numbers.
    """
    if not isinstance(metrics, Mapping):
        raise TrialFailed(f"metrics must be a mapping of names to numbers, but got {type(metrics).__name__}")
    checked: dict[str, float] = {}
    for name, value in metrics.items():
        if not isinstance(name, str) or METRIC_NAME.fullmatch(name) is None:
            raise TrialFailed(f"metric names must match {METRIC_NAME.pattern}, but got {name!r}")
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            raise TrialFailed(f"metric {name} must be a number, but got {value!r}") from error
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            reason = FailureReason.NON_FINITE_METRIC
            raise TrialFailed(f"metric {name} must be finite, but got {number}", reason=reason)
        checked[name] = number
    return checked
