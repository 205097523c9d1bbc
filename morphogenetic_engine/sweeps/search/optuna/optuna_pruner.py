"""Optuna's pruners for any strategy: each decides from a fixed set of earlier trials.

A decision about trial n depends on the results of the trials up to n - lookahead and on the trial's own reports; never
on the progress of other running trials. So it is fixed, as thresholds, when the trial is suggested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import optuna
from optuna.pruners import BasePruner

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.schema.search_names import PRUNERS
from morphogenetic_engine.sweeps.search.optuna.library_options import Options, build, checked_options
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaPrunerKind
from morphogenetic_engine.sweeps.search.optuna.pruner_thresholds import EndedTrial, thresholds_of
from morphogenetic_engine.sweeps.search.pruners.fixed_decisions import FixedDecisions, values_of
from morphogenetic_engine.sweeps.search.pruners.thresholds import RungThresholds, Thresholds
from morphogenetic_engine.sweeps.strategy import Reports
from morphogenetic_engine.trial import Params

_WHERE = "optimization.pruner_options"


def build_pruner(name: str, kind: OptunaPrunerKind, options: Options) -> BasePruner:
    """Builds a pruner.

    Raises:
        ConfigError: an unknown option, or an invalid value.
    """
    checked = checked_options(_WHERE, name, kind.options, options)
    wrapped = {} if kind.wraps is None else {"wrapped_pruner": getattr(optuna.pruners, kind.wraps)()}
    pruner: Callable[..., BasePruner] = getattr(optuna.pruners, kind.library_name)
    return build(_WHERE, pruner, {**kind.given, **wrapped, **checked})


class OptunaPruner:
    """A pruner of Optuna for the trials of a sweep."""

    def __init__(self, config: SweepConfig) -> None:
        optimization = config.optimization
        assert optimization.pruner is not None
        objective = optimization.all_objectives[0]
        self._target, self._maximize = objective.metric, objective.direction is Direction.MAXIMIZE
        kind = PRUNERS.load(optimization.pruner, OptunaPrunerKind)
        self._build = partial(build_pruner, optimization.pruner, kind, optimization.pruner_options)
        self._build()  # reports invalid options before the first trial
        self._lookahead = optimization.lookahead or 1
        self._waits = optimization.reproducible
        self._ended: dict[int, EndedTrial] = {}

    def decisions(self, number: int, params: Params, ended: Sequence[TrialRecord], reported: Reports) -> FixedDecisions:
        """Returns the decisions about a trial; `ended` are the trials that they may depend on, in order."""
        del params
        return FixedDecisions(self.thresholds(number, ended), values_of(reported, self._target))

    def thresholds(self, number: int, ended: Sequence[TrialRecord]) -> Thresholds:
        """Returns the thresholds of a trial; a failed trial decides about no other."""
        for record in ended:
            if record.number not in self._ended and record.state is not TrialState.FAILED:
                self._ended[record.number] = self._noted(record)
        seen = self._below(self._horizon(number)) if self._waits else self._known(each.number for each in ended)
        return thresholds_of(self._build(), number, seen, self._maximize)

    def _noted(self, record: TrialRecord) -> EndedTrial:
        """Returns an ended trial with the values of the rungs that it reached under its own thresholds."""
        curve = values_of(record.curve, self._target)
        value = record.metrics[self._target] if record.state is TrialState.COMPLETE else None
        seen = self._below(self._horizon(record.number))
        thresholds = thresholds_of(self._build(), record.number, seen, self._maximize)
        if not isinstance(thresholds, RungThresholds):
            return EndedTrial(record.number, value, curve)
        decider = thresholds.decider()
        for step, reported in curve.items():
            decider.stops(step, reported)
        return EndedTrial(record.number, value, curve, decider.values)

    def _horizon(self, number: int) -> int:
        return max(0, number - self._lookahead + 1)

    def _below(self, number: int) -> list[EndedTrial]:
        return self._known(range(number))

    def _known(self, numbers: Iterable[int]) -> list[EndedTrial]:
        return [self._ended[each] for each in numbers if each in self._ended]
