"""Pruning by Optuna's pruners: whether a trial goes on, decided from a fixed set of earlier trials.

A decision about trial n sees the trials up to n - lookahead, as they ended, and the trial's own reports; never a trial
that merely happens to be further along.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

import optuna
from optuna._typing import JSONSerializable
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.schema.sections import Objective
from morphogenetic_engine.sweeps.search.optuna.distributions import new_study
from morphogenetic_engine.sweeps.search.optuna.library_options import Options, checked_options, made
from morphogenetic_engine.sweeps.strategy import Decision

_WHERE = "optimization.pruner_options"


@dataclass(frozen=True)
class PrunerKind:
    """What there is to know of a pruner."""

    pruner: Callable[..., BasePruner]
    options: Mapping[str, type]
    given: Options
    """Options that are set unless the configuration sets them."""
    notes: bool = False
    """It keeps notes on each trial, which a resumed sweep has to make again from the trial's reports."""


def _patient(patience: int, min_delta: float = 0.0) -> BasePruner:
    return optuna.pruners.PatientPruner(optuna.pruners.MedianPruner(), patience, min_delta)


_MEDIAN = {"n_startup_trials": int, "n_warmup_steps": int, "interval_steps": int, "n_min_trials": int}
KINDS: Mapping[str, PrunerKind] = {
    "MedianPruner": PrunerKind(optuna.pruners.MedianPruner, _MEDIAN, {}),
    "PercentilePruner": PrunerKind(
        optuna.pruners.PercentilePruner, {"percentile": float, **_MEDIAN}, {"percentile": 25.0}
    ),
    "SuccessiveHalvingPruner": PrunerKind(
        optuna.pruners.SuccessiveHalvingPruner,
        {"min_resource": int, "reduction_factor": int, "min_early_stopping_rate": int, "bootstrap_count": int},
        {},
        notes=True,
    ),
    "HyperbandPruner": PrunerKind(
        optuna.pruners.HyperbandPruner,
        {"min_resource": int, "max_resource": int, "reduction_factor": int, "bootstrap_count": int},
        {},
        notes=True,
    ),
    "PatientPruner": PrunerKind(_patient, {"patience": int, "min_delta": float}, {"patience": 5}),
    "WilcoxonPruner": PrunerKind(
        optuna.pruners.WilcoxonPruner, {"p_threshold": float, "n_startup_steps": int}, {"n_startup_steps": 2}
    ),
}


def make_pruner(name: str, options: Options) -> BasePruner:
    """Return a pruner.

    Raises:
        ConfigError: an option that it does not have, or a value that it does not take.
    """
    kind = KINDS[name]
    return made(_WHERE, kind.pruner, {**kind.given, **checked_options(_WHERE, name, kind.options, options)})


class TrialPruning:
    """The decisions about one trial."""

    def __init__(
        self,
        name: str,
        options: Options,
        objective: Objective,
        ended: Sequence[FrozenTrial],
        own: FrozenTrial,
        reported: Mapping[int, float] | None = None,
    ) -> None:
        self.own = own
        """The trial, with its reports and the pruner's notes on it."""
        self._before = dict(reported or {})
        """What an earlier attempt reported: one that goes on from a checkpoint does not report it again."""
        storage = _FixedTrials(ended, own, objective)
        # A pruner of its own: some fix their settings by the trials that they see first.
        self._pruner = make_pruner(name, options)
        self._study = new_study(optuna.samplers.RandomSampler(seed=0), self._pruner, [objective], storage)

    def decide(self, step: int, value: float) -> Decision:
        """Take a report and return whether the trial goes on."""
        assert math.isfinite(value), "the trial contract lets finite metrics through only"
        # The last of them may have stopped the trial already, in a process that was killed before it could say so.
        stopped = [self._take(before, reported) for before, reported in self._before.items() if before < step]
        self._before.clear()
        return Decision.STOP if self._take(step, value) or any(stopped) else Decision.GO_ON

    def _take(self, step: int, value: float) -> bool:
        self.own.intermediate_values[step] = value
        return bool(self._pruner.prune(self._study, self.own))  # some answer with NumPy's own kind of truth


class _FixedTrials(optuna.storages.InMemoryStorage):
    """A storage whose trials are given: those that have ended, and the one that is decided about."""

    def __init__(self, ended: Sequence[FrozenTrial], own: FrozenTrial, objective: Objective) -> None:
        super().__init__()
        self._ended = ended
        self._own = own
        self._objective = objective

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[optuna.trial.TrialState] | None = None
    ) -> list[FrozenTrial]:
        # A snapshot of the trial itself: successive halving adds its value to those that it finds, and would count it
        # twice.
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


def needs_notes(name: str) -> bool:
    """Tell whether a pruner keeps notes on trials."""
    return KINDS[name].notes


def check_pruner(name: str, options: Options, *, several_objectives: bool) -> None:
    """Hold a pruner against the sweep.

    Raises:
        ConfigError: it does not fit, or its options are wrong.
    """
    if several_objectives:
        raise ConfigError(f"optimization.pruner: {name} takes one objective; use none")
    make_pruner(name, options)
