"""Emulates the median stop: computes the rule of a trial, and detects when the collector would stop the trial.

Sources: pkg/earlystopping/v1beta1/medianstop/service.py (the "median" is a mean),
cmd/metricscollector/v1beta1/file-metricscollector/main.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .collector import MetricLog, pairs


@dataclass(frozen=True)
class Rule:
    """Stop a trial whose best objective, at report number `start_step`, is less (or greater) than `value`."""

    metric: str
    value: str
    comparison: str
    start_step: int

    def __str__(self) -> str:
        return f"{self.metric};{self.value};{self.comparison};{self.start_step}"

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Returns the rule of a collector's -stop-rule."""
        metric, value, comparison, start_step = text.split(";")
        return cls(metric, value, comparison, int(start_step))

    def holds(self, value: float) -> bool:
        bound = float(self.value)
        return {"equal": value == bound, "less": value < bound, "greater": value > bound}[self.comparison]


def median_rule(
    succeeded: Sequence[Sequence[MetricLog]], metric: str, goal: str, settings: dict[str, str]
) -> Rule | None:
    """Returns the rule for a new trial from the logs of those that succeeded; None while there are too few."""
    start_step = int(settings.get("start_step", "4"))
    averages = []
    for logs in succeeded:
        values = [float(log.value) for log in sorted(logs, key=lambda log: log.time) if log.name == metric][:start_step]
        averages.append(sum(values) / len(values))
    if len(averages) < int(settings.get("min_trials_required", "3")):
        return None
    comparison = "less" if goal == "maximize" else "greater"
    return Rule(metric, str(sum(averages) / len(averages)), comparison, start_step)


@dataclass
class Watch:
    """Reads a trial's log line by line; `line` is true once every rule has held."""

    rules: list[Rule]
    objective: str
    goal: str
    _left: dict[str, int] = field(init=False)
    _best: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._left = {rule.metric: rule.start_step for rule in self.rules if rule.start_step}

    def line(self, text: str) -> bool:
        """Takes one line.

        Raises:
            ValueError: a number that is none; the collector ends there, and the trial's pod with it.
        """
        if any(rule.metric in text for rule in self.rules):
            for name, value in pairs(text):
                number = float(value)
                for rule in [rule for rule in self.rules if rule.metric == name]:
                    self._report(rule, number)
        return not self.rules

    def _report(self, rule: Rule, value: float) -> None:
        if rule.metric == self.objective:
            better = max if self.goal == "maximize" else min
            self._best = value = value if self._best is None else better(self._best, value)
        if rule.metric in self._left:
            # It counts on below zero: a rule is looked at once.
            self._left[rule.metric] -= 1
            if self._left[rule.metric] != 0:
                return
        if rule.holds(value):
            self.rules.remove(rule)
