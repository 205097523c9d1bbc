"""Early stopping of a sweep, before all its trials have run."""

from __future__ import annotations

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.execution_section import EarlyStopping
from morphogenetic_engine.sweeps.schema.optimization_section import OptimizationConfig


class EarlyStopper:
    """Follows the ended trials in the order of their numbers, whatever the workers' speed."""

    def __init__(self, rule: EarlyStopping, optimization: OptimizationConfig) -> None:
        self._rule = rule
        self._metric = rule.metric or optimization.target_metric
        self._direction = rule.direction or optimization.direction
        self._is_feasible = optimization.is_feasible
        self._best: float | None = None
        self._ended = 0
        self._without_better = 0

    def stops_after(self, trial: TrialRecord) -> bool:
        """Takes the next ended trial, and returns whether the sweep stops after it."""
        self._ended += 1
        if trial.state is TrialState.COMPLETE and self._metric in trial.metrics:
            self._take(trial.metrics[self._metric], feasible=self._is_feasible(trial.metrics))
        return self._ended >= self._rule.min_trials and (self._is_stale() or self._is_reached())

    def _take(self, value: float, *, feasible: bool) -> None:
        if feasible and (self._best is None or self._direction.better(value, self._best)):
            self._best = value
            self._without_better = 0
        elif self._best is not None:
            self._without_better += 1

    def _is_stale(self) -> bool:
        return self._rule.patience is not None and self._without_better >= self._rule.patience

    def _is_reached(self) -> bool:
        threshold = self._rule.threshold
        return threshold is not None and self._best is not None and not self._direction.better(threshold, self._best)
