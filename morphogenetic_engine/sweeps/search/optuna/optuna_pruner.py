"""Optuna's pruners for any strategy: each decides from a fixed set of earlier trials.

A decision about trial n depends on the results of the trials up to n - lookahead and on the trial's own reports; never
on the progress of other running trials.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial

import optuna
from optuna._typing import JSONSerializable
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.objective import Objective
from morphogenetic_engine.sweeps.schema.search_names import PRUNERS
from morphogenetic_engine.sweeps.search.optuna.distributions import frozen_trial, new_study, running_trial
from morphogenetic_engine.sweeps.search.optuna.library_options import Options, build, checked_options
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaPrunerKind
from morphogenetic_engine.sweeps.strategy import Decision, Reports
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


class TrialPruning:
    """The decisions about one trial."""

    def __init__(
        self,
        pruner: BasePruner,
        objective: Objective,
        ended: Sequence[FrozenTrial],
        own: FrozenTrial,
        reported: Mapping[int, float] | None = None,
    ) -> None:
        self.own = own
        """The trial, with its reports and the pruner's attributes."""
        self._before = dict(reported or {})
        """The reports of an earlier attempt, which an attempt that continues from a checkpoint does not repeat."""
        storage = _FixedTrials(ended, own, objective)
        # Each trial has its own pruner, because some pruners derive their settings from the first trials that they see.
        self._pruner = pruner
        self._study = new_study(optuna.samplers.RandomSampler(seed=0), self._pruner, [objective], storage)

    def decide(self, step: int, value: float) -> Decision:
        """Takes a report and returns whether the trial goes on."""
        assert math.isfinite(value), "the trial contract lets finite metrics through only"
        # The last report may already have stopped the trial, in a process that was killed before it recorded this.
        stopped = [self._take(before, reported) for before, reported in self._before.items() if before < step]
        self._before.clear()
        return Decision.STOP if self._take(step, value) or any(stopped) else Decision.GO_ON

    def _take(self, step: int, value: float) -> bool:
        self.own.intermediate_values[step] = value
        return bool(self._pruner.prune(self._study, self.own))  # some return a NumPy bool


class _FixedTrials(optuna.storages.InMemoryStorage):
    """A read-only storage of the ended trials and the trial to decide about."""

    def __init__(self, ended: Sequence[FrozenTrial], own: FrozenTrial, objective: Objective) -> None:
        super().__init__()
        self._ended = ended
        self._own = own
        self._objective = objective

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[optuna.trial.TrialState] | None = None
    ) -> list[FrozenTrial]:
        # A snapshot of the trial itself: successive halving adds its value to those in the storage, and would count
        # it twice.
        trials = (*self._ended, copy.copy(self._own))
        return [trial for trial in trials if states is None or trial.state in states]

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        complete = [trial for trial in self._ended if trial.state is optuna.trial.TrialState.COMPLETE]
        if not complete:
            raise ValueError("No trials are completed yet.")
        best = complete[0]
        for trial in complete[1:]:
            assert trial.value is not None and best.value is not None
            if self._objective.direction.better(trial.value, best.value):
                best = trial
        return best

    def set_trial_system_attr(self, trial_id: int, key: str, value: JSONSerializable) -> None:
        assert trial_id == self._own._trial_id  # pylint: disable=protected-access
        # Not in place: trials that a pruner has already asked for must stay as they were, as in Optuna's storages.
        self._own.system_attrs = {**self._own.system_attrs, key: value}


class OptunaPruner:
    """A pruner of Optuna for the trials of a sweep."""

    def __init__(self, config: SweepConfig) -> None:
        optimization = config.optimization
        assert optimization.pruner is not None
        self._objective = optimization.all_objectives[0]
        kind = PRUNERS.load(optimization.pruner, OptunaPrunerKind)
        self._notes = kind.notes
        self._build = partial(build_pruner, optimization.pruner, kind, optimization.pruner_options)
        self._build()  # reports invalid options before the first trial
        self._space = config.space
        self._lookahead = optimization.lookahead or 1
        self._waits = optimization.reproducible
        self._ended: dict[int, FrozenTrial] = {}

    def decisions(self, number: int, params: Params, ended: Sequence[TrialRecord], reported: Reports) -> TrialPruning:
        """Returns the decisions about a trial; `ended` are the trials that they may depend on, in order."""
        for record in ended:
            if record.number not in self._ended:
                self._ended[record.number] = self._noted(record)
        own = running_trial(number, params, self._space)
        seen = self._below(self._horizon(number)) if self._waits else [self._ended[each.number] for each in ended]
        target = self._objective.metric
        before = {step: metrics[target] for step, metrics in sorted(reported.items()) if target in metrics}
        return TrialPruning(self._build(), self._objective, seen, own, before)

    def _noted(self, record: TrialRecord) -> FrozenTrial:
        """Returns an ended trial with the attributes that the pruner stored while it ran."""
        trial = frozen_trial(record, self._space, [self._objective])
        if self._notes:
            own = running_trial(record.number, record.params, self._space)
            seen = self._below(self._horizon(record.number))
            pruning = TrialPruning(self._build(), self._objective, seen, own)
            for step, value in trial.intermediate_values.items():
                pruning.decide(step, value)
            trial.system_attrs = own.system_attrs
        return trial

    def _horizon(self, number: int) -> int:
        return max(0, number - self._lookahead + 1)

    def _below(self, number: int) -> list[FrozenTrial]:
        return [self._ended[each] for each in range(number) if each in self._ended]
