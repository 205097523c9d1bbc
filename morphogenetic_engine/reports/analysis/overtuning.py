"""Signs of overtuning: the value of the best trial does not generalise.

Choosing the best of K equal configurations from one seed each shows a gain of 1.5 standard deviations for K = 10 and
2.5 for K = 100 that is not there. In about one search of ten the choice generalises worse than the first configuration
(Schneider, Bischl and Feurer, AutoML 2025).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from morphogenetic_engine.reports.analysis.evidence import confirmed_values
from morphogenetic_engine.sweeps.record.averages import deviation_of, mean_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult


@dataclass(frozen=True)
class Shrinkage:
    """The value that the search reported for a configuration against its mean over fresh seeds."""

    trial: int
    search_value: float
    fresh_mean: float
    fresh_deviation: float | None
    seeds: int
    loss: float
    """The difference in the objective's unit; positive: the fresh seeds are worse."""


@dataclass(frozen=True)
class LostSeeds:
    """Runs with fresh seeds that failed: the mean over the others excludes them."""

    trial: int
    failed: int
    runs: int


@dataclass(frozen=True)
class HeldOut:
    """The choices of the search by a held-out metric that it did not use, such as test_acc beside val_acc."""

    metric: str
    of_best: float
    """The metric of the trial that the search chose."""
    best_of_incumbents: float
    """The best by this metric among all incumbents (trials that were the best so far)."""
    best_incumbent: int
    loss: float
    """The difference between the two; more than 0: later choices generalise worse."""


@dataclass(frozen=True)
class Overtuning:
    """Evidence that the best value is due to luck."""

    candidates: int
    """The number of complete trials from which the best was chosen."""
    one_seed: bool
    """True: the best configuration has values from one seed only."""
    shrinkage: Shrinkage | None
    """None: the best trial was not confirmed."""
    held_out: HeldOut | None
    """None: the trials return no held-out metric."""
    lost_seeds: tuple[LostSeeds, ...]
    """The configurations whose confirmation had failed runs, the most first."""

    @property
    def warning(self) -> bool:
        """True if the value of the best configuration is probably biased upwards."""
        lost = self.held_out is not None and self.held_out.loss > 0
        return (
            lost
            or bool(self.lost_seeds)
            or (self.shrinkage is not None and self._clear(self.shrinkage))
            or self._unproven
        )

    @property
    def _unproven(self) -> bool:
        return self.one_seed and self.candidates > 1

    @staticmethod
    def _clear(shrinkage: Shrinkage) -> bool:
        """Returns True if the loss is more than two standard errors of the fresh mean."""
        if shrinkage.fresh_deviation is None:
            return False
        return shrinkage.loss > 2 * shrinkage.fresh_deviation / math.sqrt(shrinkage.seeds)


def overtuning_of(result: SweepResult) -> Overtuning | None:
    """Returns the signs of overtuning; None without a complete trial."""
    best, target = result.best, result.config.optimization.target_metric
    if best is None:
        return None
    fresh = list(confirmed_values(best, target).values())
    one_seed = len(fresh) < 2 and len(best.replicates) < 2
    shrinkage, held_out = _shrinkage(result, best, fresh), _held_out(result, best)
    return Overtuning(len(result.ranked), one_seed, shrinkage, held_out, _lost_seeds(result))


def _lost_seeds(result: SweepResult) -> tuple[LostSeeds, ...]:
    counted = (
        LostSeeds(
            trial.number,
            sum(run.state is not TrialState.COMPLETE for run in trial.confirmations.values()),
            len(trial.confirmations),
        )
        for trial in result.trials
    )
    return tuple(sorted((each for each in counted if each.failed), key=lambda each: -each.failed))


def _shrinkage(result: SweepResult, best: TrialRecord, fresh: list[float]) -> Shrinkage | None:
    if not fresh:
        return None
    promised, mean = best.metrics[result.config.optimization.target_metric], mean_of(fresh)
    loss = promised - mean if result.config.optimization.direction.better(1.0, 0.0) else mean - promised
    deviation = deviation_of(fresh) if len(fresh) > 1 else None
    return Shrinkage(best.number, promised, mean, deviation, len(fresh), loss)


def _held_out(result: SweepResult, best: TrialRecord) -> HeldOut | None:
    target, direction = result.config.optimization.target_metric, result.config.optimization.direction
    metric = target.replace("val", "test", 1)
    if metric == target or metric not in best.metrics:
        return None
    incumbents: list[TrialRecord] = []
    for trial in result.feasible:
        if not incumbents or direction.better(trial.metrics[target], incumbents[-1].metrics[target]):
            incumbents.append(trial)
    known = [trial for trial in incumbents if metric in trial.metrics]
    top = known[0]
    for trial in known[1:]:
        if not direction.better(top.metrics[metric], trial.metrics[metric]):
            top = trial  # the later of equal ones: continuing the search did not harm
    loss = abs(top.metrics[metric] - best.metrics[metric])
    return HeldOut(metric, best.metrics[metric], top.metrics[metric], top.number, loss)
