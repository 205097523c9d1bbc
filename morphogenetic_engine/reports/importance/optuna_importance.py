"""Optuna's fANOVA on samples of a sweep's trials."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.importance import FanovaImportanceEvaluator
from optuna.trial import FrozenTrial, TrialState

from morphogenetic_engine.reports.importance.ped_anova import Places
from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.sweeps.record.averages import scaled
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.optuna.distributions import distribution_of
from morphogenetic_engine.sweeps.space.search_space import Space


class Sample(optuna.Study):
    """A study of the given trials, which may repeat; Optuna's own study would copy each."""

    def __init__(self, trials: list[FrozenTrial]) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = optuna.storages.InMemoryStorage()
        storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "sample")
        super().__init__("sample", storage)
        self._given = trials

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        return self._given


class Fanova:
    """The share of the variance that each parameter explains in a sample of the trials; not normalized."""

    def __init__(
        self, names: Sequence[str], trials: Sequence[TrialRecord], space: Space, *, trees: int, seed: int
    ) -> None:
        self._evaluator = FanovaImportanceEvaluator(n_trees=trees, seed=seed)  # needs scikit-learn
        self._names = list(names)
        self._trials = frozen_trials(trials, names, space)

    def of(self, places: Places, loss_N: Floats) -> Floats:
        """Returns the shares in the trials at `places`, which may repeat."""
        study = Sample([self._trials[place] for place in places.tolist()])
        # Shares do not depend on origin and unit; standardized values keep the forest's squares in range.
        units_N, _ = scaled(loss_N)
        units_N, _ = scaled(units_N - units_N.min())
        try:
            found = self._evaluator.evaluate(study, self._names, target=lambda trial: float(units_N[trial.number]))
        except RuntimeError:  # no tree found a split in this sample
            return np.zeros(len(self._names))
        return np.array([found[name] for name in self._names])


def frozen_trials(trials: Sequence[TrialRecord], names: Sequence[str], space: Space) -> list[FrozenTrial]:
    """Returns the complete trials as Optuna keeps them, with the named parameters alone; their numbers are places."""
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
