"""Decides from fixed thresholds, report by report, whether a trial stops: as Optuna's pruners do, without Optuna."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol


class Decider(Protocol):
    """The decisions about one attempt at a trial."""

    def stops(self, step: int, value: float) -> bool:
        """Takes a report, in the order in which they were made, and returns whether the trial stops at it."""


class AttemptDecider:
    """The decisions about one attempt; `reported` are the reports of an earlier attempt, which it may not repeat."""

    def __init__(self, decider: Decider, reported: Mapping[int, float]) -> None:
        self._decider = decider
        self._before = dict(reported)

    def stops(self, step: int, value: float) -> bool:
        # The last report may already have stopped the trial, in a process that was killed before it recorded this.
        stopped = [self._decider.stops(before, reported) for before, reported in self._before.items() if before < step]
        self._before.clear()
        return self._decider.stops(step, value) or any(stopped)


class StepDecider:
    """Compares the best report so far with the limit of the step."""

    def __init__(self, maximize: bool, limits: Mapping[int, float], warmup: int, interval: int) -> None:
        self._maximize = maximize
        self._limits = limits
        self._warmup = warmup
        self._interval = interval
        self._best: float | None = None
        self._last = self._last_but_one = -1

    def stops(self, step: int, value: float) -> bool:
        if self._best is None or worse(self._best, value, self._maximize):
            self._best = value
        if step > self._last:
            self._last_but_one, self._last = self._last, step
        elif step < self._last:
            self._last_but_one = max(self._last_but_one, step)
        limit = self._limits.get(self._last)
        if limit is None or self._last < self._warmup:
            return False
        begins = (self._last - self._warmup) // self._interval * self._interval + self._warmup
        return self._last_but_one < begins and worse(self._best, limit, self._maximize)


class PatientDecider:
    """Lets another decider stop a trial only while the trial does not improve."""

    def __init__(self, compares: Decider, maximize: bool, patience: int, min_delta: float) -> None:
        self._compares = compares
        self._maximize = maximize
        self._patience = patience
        self._min_delta = min_delta
        self._reports: dict[int, float] = {}

    def stops(self, step: int, value: float) -> bool:
        stops = self._compares.stops(step, value)
        self._reports[step] = value
        if not stops or len(self._reports) <= self._patience + 1:
            return False
        values = [self._reports[each] for each in sorted(self._reports)]
        before, after = values[: -self._patience - 1], values[-self._patience - 1 :]
        if self._maximize:
            return max(before) - self._min_delta > max(after)
        return min(before) + self._min_delta < min(after)


class RungDecider:
    """Compares the report at each rung with the limit of the rung."""

    def __init__(self, maximize: bool, first: int, factor: int, limits: Sequence[float], beyond: float) -> None:
        self._maximize = maximize
        self._first = first
        self._factor = factor
        self._limits = limits
        self._beyond = beyond
        self._last, self._value = -1, math.nan
        self.values: list[float] = []
        """The values with which the trial reached the rungs, from the lowest."""

    def stops(self, step: int, value: float) -> bool:
        if step >= self._last:
            self._last, self._value = step, value
        while self._last >= self._first * self._factor ** len(self.values):
            rung = len(self.values)
            self.values.append(self._value)
            limit = self._limits[rung] if rung < len(self._limits) else self._beyond
            if worse(self._value, limit, self._maximize):
                return True
        return False


class CurveDecider:
    """Tests the reports against those of the best trial."""

    def __init__(self, maximize: bool, best: Mapping[int, float], p_threshold: float, startup: int) -> None:
        self._maximize = maximize
        self._best = best
        self._p_threshold = p_threshold
        self._least = max(2, startup)
        self._reports: dict[int, float] = {}

    def stops(self, step: int, value: float) -> bool:
        self._reports[step] = value
        common = sorted(self._reports.keys() & self._best.keys())
        if len(common) < self._least:
            return False
        from scipy.stats import wilcoxon  # pylint: disable=import-outside-toplevel  # slow to import

        differences = [self._reports[each] - self._best[each] for each in common]
        tested = wilcoxon(differences, alternative="less" if self._maximize else "greater", zero_method="zsplit")
        return bool(tested.pvalue < self._p_threshold) and not self._better_on_average()

    def _better_on_average(self) -> bool:
        """Returns whether the average so far is as good as the best trial's: then the test alone is no reason."""
        best = sum(self._best.values()) / len(self._best)
        own = sum(self._reports.values()) / len(self._reports)
        return best <= own if self._maximize else best >= own


def worse(value: float, limit: float, maximize: bool) -> bool:
    """Returns whether a value is worse than a limit."""
    return value < limit if maximize else value > limit
