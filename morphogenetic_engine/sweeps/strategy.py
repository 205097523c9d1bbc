"""What a trial tries: the one interface between the ways to search and the run loop.

A suggestion is a function of the configuration, the trial's number, the results of the trials below `needs(number)`,
and the parameters of all trials below `number`; never of which worker was faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.trial import Params, Value


@dataclass(frozen=True)
class Earlier:
    """What a suggestion may look at."""

    ended: Sequence[TrialRecord]
    """Trials that have ended, in the order of their numbers: 0 to needs(number) - 1, or all that there are by now."""
    params: Sequence[Params]
    """The parameters of the trials 0 to number - 1, whatever has become of them."""


class Suggestions(Protocol):
    """A way to search. Asked for its trials in the order of their numbers, at most once for each."""

    def __len__(self) -> int:
        """The number of trials."""

    def needs(self, number: int, /) -> int:
        """How many trials, counted from the first, must have ended before trial `number` is suggested."""

    def params(self, number: int, earlier: Earlier) -> dict[str, Value]:
        """The parameters of a trial, fixed and searched together."""


class Decision(StrEnum):
    """The answer to a trial's report."""

    GO_ON = "go_on"
    STOP = "stop"
    """The trial ends here, as pruned."""
    PAUSE = "pause"
    """The trial ends here for now; it is called again if it is promoted."""


class TrialDecisions(Protocol):
    """Decides about one trial from its reports."""

    def decide(self, step: int, value: float) -> Decision:
        """Take a report of the objective and return whether the trial goes on."""


class Pruning(Protocol):
    """Decides whether trials go on; a decision depends on the same trials as the trial's suggestion."""

    def of_trial(
        self, number: int, params: Params, ended: Sequence[TrialRecord], reported: Mapping[int, Mapping[str, float]]
    ) -> TrialDecisions:
        """Return the decisions about a trial; `reported` is what an earlier attempt at it reported."""


def earlier_than(number: int, needed: int, trials: Mapping[int, TrialRecord]) -> Earlier:
    """Return what the suggestion of trial `number` may look at, so that it depends on no worker's speed."""
    return Earlier([trials[each] for each in range(needed)], _params_below(number, trials))


def ended_by_now(number: int, trials: Mapping[int, TrialRecord]) -> Earlier:
    """Return all that is known when trial `number` is suggested."""
    ended = [trials[each] for each in range(number) if trials[each].state.final]
    return Earlier(ended, _params_below(number, trials))


def _params_below(number: int, trials: Mapping[int, TrialRecord]) -> list[Params]:
    return [trials[each].params for each in range(number)]


NOTHING_EARLIER = Earlier((), ())
