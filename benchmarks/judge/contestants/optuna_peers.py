"""Optuna's samplers and pruners, with their defaults but for the seed and the median pruner's warm-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from benchmarks.judge.search import Search
from benchmarks.judge.tasks import Axis, Range, Taken, Task

# The default, 0, compares trials before they learn; it does much worse on these tasks.
_WARM_UP = 5


class Recorded(BaseSampler):
    """Takes the recorded configuration that is nearest to the suggestion of another sampler."""

    def __init__(self, inner: BaseSampler, task: Task) -> None:
        self._inner = inner
        self._task = task
        self._taken = Taken(task)
        self._space = {name: _distribution(axis) for name, axis in task.axes.items()}
        self.index = -1

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Returns the whole space, so that all parameters are sampled at once."""
        return self._space

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Returns the recorded configuration that the trial gets."""
        joint = self._inner.infer_relative_search_space(study, trial)
        sampled = self._inner.sample_relative(study, trial, joint)
        for name, distribution in search_space.items():
            if name not in sampled:
                sampled[name] = self._inner.sample_independent(study, trial, name, distribution)
        self.index = self._taken.nearest(sampled)
        return dict(self._task.points[self.index])

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Is not reached: all parameters are sampled at once."""
        raise AssertionError(param_name)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Passes the trial on to the other sampler."""
        self._inner.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        """Passes the trial on to the other sampler."""
        self._inner.after_trial(study, trial, state, values)


def _none(_task: Task) -> BasePruner:
    return NopPruner()


def _median(_task: Task) -> BasePruner:
    return MedianPruner(n_warmup_steps=_WARM_UP)


def _hyperband(task: Task) -> BasePruner:
    return HyperbandPruner(min_resource=1, max_resource=task.steps)


def _losses(
    sampler: Callable[[int], BaseSampler], pruner: Callable[[Task], BasePruner], task: Task, seed: int, _budget: int
) -> Iterator[float]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    recorded = Recorded(sampler(seed), task)
    study = optuna.create_study(sampler=recorded, pruner=pruner(task))
    for _ in task.points:
        trial = study.ask()
        for name, axis in task.axes.items():
            _suggest(trial, name, axis)
        curve = task.losses[recorded.index].tolist()
        for step, loss in enumerate(curve, start=1):
            yield loss
            trial.report(loss, step)
            if step < len(curve) and trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                break
        else:
            study.tell(trial, curve[-1])


def _suggest(trial: optuna.Trial, name: str, axis: Axis) -> None:
    if not isinstance(axis, Range):
        trial.suggest_categorical(name, axis)
    else:
        trial.suggest_float(name, axis.low, axis.high, log=axis.log)


def _distribution(axis: Axis) -> BaseDistribution:
    if not isinstance(axis, Range):
        return CategoricalDistribution(axis)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


def _search(sampler: Callable[[int], BaseSampler], pruner: Callable[[Task], BasePruner] = _none) -> Search:
    return Search(partial(_losses, sampler, pruner))


SEARCHES: Mapping[str, Search] = {
    "random": _search(lambda seed: RandomSampler(seed=seed)),
    "Optuna TPE": _search(lambda seed: TPESampler(seed=seed)),
    "Optuna TPE + MedianPruner": _search(lambda seed: TPESampler(seed=seed), _median),
    "Optuna TPE + HyperbandPruner": _search(lambda seed: TPESampler(seed=seed), _hyperband),
    "Optuna GP": _search(lambda seed: GPSampler(seed=seed)),
}
