"""The trial contract: the arguments and results of a workload, the same on every back end.

A workload is a function `train(params, trial) -> metrics`. The same function runs in a local worker process, in a
container of a Katib trial and in a Kubeflow Pipelines component. This module imports only the standard library, so
a user's training code can import it anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TypeVar

from morphogenetic_engine.errors import FailureReason, TrialFailed
from morphogenetic_engine.metric_names import checked_metric_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = bool | int | float | str
"""The type of a parameter's value."""

PARENT_FILE = ".parent"
"""In the folder of a trial that goes on from the files of another one (population-based training): that one's number.
Its checkpoint may be of other values of the changeable parameters."""

Params = Mapping[str, Value]
"""The fixed and searched parameters by name."""

Metrics = Mapping[str, float]
"""Numbers by name; the metrics that `train` returns include the objective. A name is any text of one line, such as
`val/acc`. The metrics that the sweep file names must be finite; values of others that are not are left out."""


def text(value: Value) -> str:
    """Returns the text of a parameter's value: `true`, `3`, `0.001`, or the string itself."""
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
        """Derived from the sweep's seed and the trial's number; seed every random generator from it."""

    @property
    def dir(self) -> Path:
        """The trial's own folder; it exists, and files in it are kept."""

    def report(self, step: int, metrics: Metrics) -> None:
        """Records the metrics of one step (an epoch, a fold).

        Raises:
            Pruned: the trial should end now; let it pass through.
            Paused: the trial should end for now; let it pass through. It may be called again with the same parameters,
                seed and folder, and should continue from the files that it saved there.
            TrialFailed: a metric is not a finite number, the step is not a whole number, or the trial has ended.
        """


class Train(Protocol):
    """The signature of a workload."""

    def __call__(self, params: Params, trial: Trial, /) -> Metrics: ...


class FusedTrial(Trial, Protocol):
    """One trial of a batch. What is done for it alone stands in a `with` block of it.

    An exception that leaves the block ends this trial and no other: as pruned or paused where a report raised it, as
    failed otherwise. What is printed in the block goes to the trial's own output.
    Use it as a key, not its number: `sweep confirm` trains a configuration with several seeds at once.
    """

    @property
    def params(self) -> Params:
        """The fixed and searched parameters by name."""

    @property
    def is_running(self) -> bool:
        """False once the trial is complete, failed, pruned or paused."""

    def complete(self, metrics: Metrics) -> None:
        """Ends the trial with the metrics that `train` would have returned."""

    def saved(self, seconds: float) -> None:
        """Tells how many seconds of its process this trial has saved so far by training with others, estimated.

        Optional, for reports alone: the seconds that it would have taken alone, less its share of those that it was
        trained with others. The last value counts.
        """

    def __enter__(self) -> FusedTrial: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool: ...


class Batch(Protocol):
    """The trials that one process trains together."""

    def running(self) -> Sequence[FusedTrial]:
        """Returns the trials that run now, those that have just joined last; empty when none is left.

        A trial joins whenever there is room for it: call this before each step or epoch.
        """


TrainMany = Callable[[Batch], None]
"""Trains the trials of a batch until none is left. Each must end as `train` alone would have ended it."""


@dataclass(frozen=True)
class Predictions:
    """The predictions of a trial's saved model for two splits that it was not trained on: N samples, C classes."""

    data: str
    """Identifies the samples and their order: models with different samples cannot be compared or combined."""
    validation_p_NC: NDArray[np.float64]
    """The probability of each class."""
    validation_y_N: NDArray[np.int64]
    """The classes, from 0."""
    test_p_NC: NDArray[np.float64]
    test_y_N: NDArray[np.int64]


class Predictor(Protocol):
    """A saved model as a function from raw samples, x_NF, to the probability of each class, p_NC."""

    def __call__(self, x_NF: NDArray[np.float64], /) -> NDArray[np.float64]: ...


@dataclass(frozen=True)
class SavedModels:
    """The functions that load the models which a workload saves in its trials' folders.

    Both raise StoreError if the folder holds no complete model.
    """

    predictions: Callable[[Params, int, Path], Predictions]
    """(params, seed, trial folder) -> the model's predictions for its validation and test split."""
    predictor: Callable[[Path], Predictor]
    """(trial folder) -> the model as a function."""
    example: Callable[[Path], NDArray[np.float64]] | None = None
    """(trial folder) -> a few example inputs of the function, x_NF; None: its models cannot be registered."""


@dataclass(frozen=True)
class Declaration:
    """The properties that a workload declares, so that mistakes are found before the first trial."""

    parameters: frozenset[str] | None = None
    """The accepted parameter names; None: any name is accepted."""
    metrics: frozenset[str] | None = None
    """The metrics that it returns; None: undeclared."""
    check: Callable[[Params], None] | None = None
    """Raises ConfigError for unsupported values; cheap, trains nothing."""
    changeable: frozenset[str] | None = None
    """The parameters that may differ when it goes on from a trial's files; None: undeclared."""
    models: SavedModels | None = None
    """The models that it saves; None: it saves none, or they are private."""
    fused: TrainMany | None = None
    """Trains many trials at once with the results of `train`; None: they run one after another."""
    most: Callable[[Params], int] | None = None
    """The number of trials with such parameters that are worth training at once; None: any number."""


_F = TypeVar("_F", bound=Callable[..., object])
_ATTRIBUTE = "__morphogenetic_declaration__"


def declare(  # pylint: disable=too-many-arguments  # one for each member of `Declaration`
    *,
    parameters: frozenset[str] | None = None,
    metrics: frozenset[str] | None = None,
    check: Callable[[Params], None] | None = None,
    changeable: Collection[str] | None = None,
    models: SavedModels | None = None,
    fused: TrainMany | None = None,
    most: Callable[[Params], int] | None = None,
) -> Callable[[_F], _F]:
    """Attaches a `Declaration` to a workload function. Optional: a bare function is a workload too."""

    allowed = None if changeable is None else frozenset(changeable)

    def attach(train: _F) -> _F:
        setattr(train, _ATTRIBUTE, Declaration(parameters, metrics, check, allowed, models, fused, most))
        return train

    return attach


def declaration_of(train: object) -> Declaration:
    """Returns the declaration that `declare` attached to the workload, or an empty one."""
    declaration = getattr(train, _ATTRIBUTE, None)
    return declaration if isinstance(declaration, Declaration) else Declaration()


_LARGEST_STEP = 2**53
"""The largest step: whole numbers up to this are exact in floats, databases and JSON readers."""


def checked_step(step: object) -> int:
    """Returns a step as a plain integer, valid on every back end.

    Raises:
        TrialFailed: not a whole number, or too large.
    """
    try:
        whole = int(step)  # type: ignore[call-overload]  # accepts every integer type, such as NumPy's
        exact = whole == step
    except (TypeError, ValueError, OverflowError) as error:
        raise TrialFailed(f"the step of a report must be a whole number, but got {step!r:.80}") from error
    if not exact or abs(whole) > _LARGEST_STEP:
        raise TrialFailed(f"the step of a report must be a whole number up to 2^53, but got {step!r:.80}")
    return int(whole)


def checked_metrics(metrics: object) -> dict[str, float]:
    """Returns the metrics as plain floats, valid on every back end.

    Raises:
        TrialFailed: not a mapping of names to finite numbers.
    """
    checked = _numbers(metrics)
    for name, number in checked.items():
        _check_finite(name, number)
    return checked


def finite_metrics(metrics: object, named: Container[str]) -> tuple[dict[str, float], list[str]]:
    """Returns the finite metrics as plain floats, and the names of those that are not finite.

    Raises:
        TrialFailed: not a mapping of names to numbers, or a metric among `named` is not finite.
    """
    numbers = _numbers(metrics)
    for name, number in numbers.items():
        if name in named:
            _check_finite(name, number)
    finite = {name: number for name, number in numbers.items() if math.isfinite(number)}
    return finite, [name for name in numbers if name not in finite]


def missing_objective(objective: str, metrics: Metrics, hint: str = "") -> TrialFailed:
    """Returns the error for a workload that did not return an objective; `hint` says more about it."""
    found = ", ".join(sorted(metrics)) or "none"
    message = f"the workload did not report the objective {objective}; its metrics: {found}{hint}"
    return TrialFailed(message, reason=FailureReason.MISSING_METRIC)


def missing_constrained(metric: str, metrics: Metrics) -> TrialFailed:
    """Returns the error for a workload that did not return a metric which outcome constraints limit."""
    found = ", ".join(sorted(metrics)) or "none"
    message = f"the workload did not report {metric}, which outcome_constraints limit; its metrics: {found}"
    return TrialFailed(message, reason=FailureReason.MISSING_METRIC)


def _numbers(metrics: object) -> dict[str, float]:
    if not isinstance(metrics, Mapping):
        raise TrialFailed(f"metrics must be a mapping of names to numbers, but got {type(metrics).__name__}")
    numbers: dict[str, float] = {}
    for name, value in metrics.items():
        if not isinstance(name, str):
            raise TrialFailed(f"metric names must be text, but got {name!r:.80}")
        try:
            checked_metric_name(name)
        except ValueError as error:
            raise TrialFailed(str(error)) from error
        try:
            numbers[name] = float(value)
        except (TypeError, ValueError) as error:
            raise TrialFailed(f"metric {name} must be a number, but got {value!r:.80}") from error
        except OverflowError:
            numbers[name] = math.inf
    return numbers


def _check_finite(name: str, number: float) -> None:
    if not math.isfinite(number):
        reason = FailureReason.NON_FINITE_METRIC
        raise TrialFailed(f"metric {name} must be finite, but got {number}", reason=reason)
