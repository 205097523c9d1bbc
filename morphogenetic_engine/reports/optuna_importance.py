"""Optuna's importance evaluators on samples of a sweep's trials."""

from __future__ import annotations

import warnings
from collections.abc import Container, Mapping, Sequence

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.importance import BaseImportanceEvaluator, FanovaImportanceEvaluator, PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial, TrialState

from morphogenetic_engine.reports.columns import Floats
from morphogenetic_engine.sweeps.optuna_space import distribution_of
from morphogenetic_engine.sweeps.results import TrialRecord
from morphogenetic_engine.sweeps.space import Space


class _Sample(optuna.Study):
    """A study whose trials are given, and may be there more than once; Optuna's own would copy each."""

    def __init__(self, trials: list[FrozenTrial]) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = optuna.storages.InMemoryStorage()
        storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "sample")
        super().__init__("sample", storage)
        self._given = trials

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        return self._given


class Shares:
    """How important each parameter is in some sample of the trials; not normalized."""

    def __init__(self, evaluator: BaseImportanceEvaluator, names: Sequence[str], trials: Sequence[FrozenTrial]) -> None:
        self._evaluator = evaluator
        self._names = list(names)
        self._trials = trials

    def of(self, places: Sequence[int], loss: Mapping[int, float]) -> Floats:
        """Return the shares in the trials at `places`; `loss` by trial number, smaller is better."""
        study = _Sample([self._trials[place] for place in places])
        with warnings.catch_warnings(action="ignore"):  # that smaller is better, which it is
            found = self._evaluator.evaluate(study, self._names, target=lambda trial: loss[trial.number])
        return np.array([found[name] for name in self._names])


def ped_anova(names: Sequence[str], trials: Sequence[FrozenTrial], *, top_share: float) -> Shares:
    """Return PED-ANOVA: what it takes to be among the `top_share` best."""
    return Shares(PedAnovaImportanceEvaluator(target_quantile=top_share), names, trials)


def fanova(names: Sequence[str], trials: Sequence[FrozenTrial], *, trees: int, seed: int) -> Shares:
    """Return fANOVA, which needs scikit-learn."""
    return Shares(FanovaImportanceEvaluator(n_trees=trees, seed=seed), names, trials)


def frozen_trials(trials: Sequence[TrialRecord], names: Sequence[str], space: Space) -> list[FrozenTrial]:
    """Return the complete trials as Optuna keeps them, with the named parameters alone; their numbers are places."""
    distributions: dict[str, BaseDistribution] = {name: distribution_of(space.axes[name]) for name in names}
    frozen = []
    for place, trial in enumerate(trials):
        params = {name: trial.params[name] for name in names if name in trial.params}
        frozen.append(
            FrozenTrial(
                number=place,
                trial_id=place,
                state=TrialState.COMPLETE,
                value=0.0,
                datetime_start=None,
                datetime_complete=None,
                params=params,
                distributions={name: distributions[name] for name in params},
                user_attrs={},
                system_attrs={},
                intermediate_values={},
            )
        )
    return frozen
