"""The budget of a sweep: stops it at a total trial time, a number of steps, or too small an expected improvement."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from morphogenetic_engine.sweeps.record.averages import deviation_of, mean_of, scaled, unscaled
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.schema.optimization_section import Budget, OptimizationConfig

WINDOW = 20
"""The number of complete trials from which the expected improvement is estimated; fewer give no estimate."""


class BudgetStopper:
    """Adds up the cost of the ended trials in the order of their numbers."""

    def __init__(self, budget: Budget, optimization: OptimizationConfig) -> None:
        self._budget = budget
        self._target, self._direction = optimization.target_metric, optimization.direction
        self._is_feasible = optimization.is_feasible
        self._seconds = 0.0
        self._steps = 0
        self._best: float | None = None
        self._recent: deque[float] = deque(maxlen=WINDOW)
        self._ended = 0

    def stops_after(self, trial: TrialRecord) -> bool:
        """Takes the next ended trial, and returns whether the sweep stops after it."""
        self._ended += 1
        self._seconds += trial.duration
        self._steps += len(trial.curve)
        complete = trial.state is TrialState.COMPLETE and self._target in trial.metrics
        if complete and self._is_feasible(trial.metrics):
            value = trial.metrics[self._target]
            self._recent.append(value)
            if self._best is None or self._direction.better(value, self._best):
                self._best = value
        return self._is_spent() or self._gains_too_little()

    def _is_spent(self) -> bool:
        seconds, steps = self._budget.trial_seconds, self._budget.steps
        return (seconds is not None and self._seconds >= seconds) or (steps is not None and self._steps >= steps)

    def _gains_too_little(self) -> bool:
        least = self._budget.improvement_per_hour
        if least is None or self._best is None or len(self._recent) < WINDOW or self._seconds == 0:
            return False
        trials_an_hour = 3600 * self._ended / self._seconds
        return expected_improvement(list(self._recent), self._best, self._direction) * trials_an_hour < least


def expected_improvement(recent: list[float], best: float, direction: Direction) -> float:
    """Returns the expected improvement by one more trial that is distributed like the recent ones.

    The expectation of max(0, x - best) for a normal x with the mean and standard deviation of the recent values.
    Source: Mockus, On Bayesian methods for seeking the extremum (1975); Jones et al., Journal of Global Optimization 13
    (1998).
    """
    units, exponent = scaled(np.array([*recent, best]))
    *values, top = (units if direction is Direction.MAXIMIZE else -units).tolist()
    gap, deviation = mean_of(values) - top, deviation_of(values)
    if deviation == 0:
        return unscaled(max(0.0, gap), exponent)
    z = gap / deviation
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return unscaled(gap * (1 + math.erf(z / math.sqrt(2))) / 2 + deviation * density, exponent)
