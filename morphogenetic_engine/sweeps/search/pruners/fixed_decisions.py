"""Decisions about trials that consist of thresholds, as strategies give them and the run loop uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from morphogenetic_engine.sweeps.search.pruners.deciders import AttemptDecider
from morphogenetic_engine.sweeps.search.pruners.thresholds import Thresholds
from morphogenetic_engine.sweeps.strategy import Decision, Reports, TrialDecisions


@runtime_checkable
class HasThresholds(TrialDecisions, Protocol):
    """Decisions that can be sent with the trial."""

    @property
    def thresholds(self) -> Thresholds | None:
        """None: the pruner has decisions only where the sweep runs."""

    @property
    def reported(self) -> Mapping[int, float]:
        """The reports of earlier attempts, on which the decisions depend too."""


class FixedDecisions:
    """The decisions about one attempt; `reported` are the reports of an earlier attempt, which it may not repeat."""

    def __init__(self, thresholds: Thresholds, reported: Mapping[int, float] | None = None) -> None:
        self.thresholds: Thresholds = thresholds
        self.reported = dict(reported or {})
        self._decider = AttemptDecider(thresholds.decider(), self.reported)

    def decide(self, step: int, value: float) -> Decision:
        """Takes a report and returns whether the trial goes on."""
        return Decision.STOP if self._decider.stops(step, value) else Decision.GO_ON


def sent_thresholds(decisions: TrialDecisions | None) -> Thresholds | None:
    """Returns the thresholds that decisions consist of; None: there are none that could be sent."""
    return decisions.thresholds if isinstance(decisions, HasThresholds) else None


def values_of(reports: Reports, metric: str) -> dict[int, float]:
    """Returns the values of one metric, by step in ascending order."""
    return {step: metrics[metric] for step, metrics in sorted(reports.items()) if metric in metrics}
