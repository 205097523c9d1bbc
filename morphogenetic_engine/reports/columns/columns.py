"""The trials as columns of numbers: one for each searched parameter and each metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.trial import Value


@dataclass(frozen=True)
class Column:
    """One parameter or metric of some trials: N numbers, NaN where a trial has no such value."""

    name: str
    values_N: Floats
    """The numbers; for categories the index of the value in `levels`."""
    levels: tuple[Value, ...] = ()
    """The values of a categorical parameter; empty for numbers."""
    log: bool = False
    """True: the parameter is searched on a logarithmic scale."""

    @property
    def categorical(self) -> bool:
        return bool(self.levels)

    @property
    def scaled_N(self) -> Floats:
        """The numbers on the scale of the search: their logarithms (base 10) where `log` is true."""
        return np.log10(self.values_N) if self.log else self.values_N

    @property
    def present_N(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.values_N)

    @property
    def constant(self) -> bool:
        """True if there are fewer than two different values."""
        return np.unique(self.values_N[self.present_N]).size < 2


def parameter_column(name: str, axis: Parameter, trials: Sequence[TrialRecord]) -> Column:
    """Returns a searched parameter: numbers for ranges and for choices of numbers alone, else categories."""
    if isinstance(axis, Choices) and not is_ordered(axis):
        places = {(type(value), value): place for place, value in enumerate(axis.values)}
        return Column(name, _floats([_place(trial, name, places) for trial in trials]), axis.values)
    values = [trial.params.get(name) for trial in trials]
    numbers = _floats([float("nan") if value is None else float(value) for value in values])
    return Column(name, numbers, log=_is_log(axis))


def metric_column(name: str, trials: Sequence[TrialRecord]) -> Column:
    """Returns a metric of the trials."""
    return Column(name, _floats([trial.metrics.get(name, float("nan")) for trial in trials]))


def metric_names(result: SweepResult) -> list[str]:
    """Returns the metrics of the trials: the objectives, the secondary ones, then the others by name."""
    optimization = result.config.optimization
    wanted = [*(each.metric for each in optimization.all_objectives), *optimization.secondary_metrics]
    return list(dict.fromkeys([*wanted, *sorted({name for trial in result.trials for name in trial.metrics})]))


def is_ordered(axis: Parameter) -> bool:
    """Returns True if the values of an axis are numbers, which have an order."""
    if not isinstance(axis, Choices):
        return True
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in axis.values)


def _place(trial: TrialRecord, name: str, places: dict[tuple[type, Value], int]) -> float:
    if name not in trial.params:
        return float("nan")
    value = trial.params[name]
    return float(places[(type(value), value)])


def _is_log(axis: Parameter) -> bool:
    """Returns True for logarithmic ranges, and for positive choices that span a factor of 100 (1e-4 and 1e-2)."""
    if not isinstance(axis, Choices):
        return axis.log
    numbers = [value for value in axis.values if not isinstance(value, str)]
    return min(numbers) > 0 and max(numbers) / min(numbers) >= 100


def _floats(values: Sequence[float]) -> Floats:
    return np.array(values, dtype=np.float64)
