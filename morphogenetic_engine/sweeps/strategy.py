"""The strategy protocol: suggests parameters and decides how long trials run, independent of what runs them.

A suggestion and the decisions about a trial are functions of the configuration, the trial's number, the results of the
trials below `needs(number)`, and the parameters of all trials below `number`; never of the order of completion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias, overload, runtime_checkable

from morphogenetic_engine.trial import Params, Value

if TYPE_CHECKING:  # processes that only pass decisions on start faster without the sweep file's schema
    from morphogenetic_engine.sweeps.record.trials import TrialRecord

Reports = Mapping[int, Mapping[str, float]]
"""The metrics that a trial reported, by step."""


@dataclass(frozen=True)
class Earlier:
    """The trials that a suggestion or a decision may depend on."""

    ended: Sequence[TrialRecord]
    """The ended trials in the order of their numbers: 0 to needs(number) - 1, or all that have ended so far."""
    params: Sequence[Params]
    """The parameters of the trials 0 to number - 1, whatever their state."""


class Decision(StrEnum):
    """The answer to a trial's report."""

    GO_ON = "go_on"
    STOP = "stop"
    """The trial ends here, as pruned."""
    PAUSE = "pause"
    """The trial ends here for now; it is called again if it is promoted."""


class TrialDecisions(Protocol):
    """Decides about one attempt at a trial from its reports."""

    def decide(self, step: int, value: float) -> Decision:
        """Takes a report of the objective and returns whether the trial goes on."""


class Strategy(Protocol):
    """Decides which configurations are tried, and how long each is trained."""

    @property
    def trials(self) -> int:
        """The number of trials."""

    @property
    def needs_reports(self) -> bool:
        """True if trials must report their objective while they run."""

    def needs(self, number: int, /) -> int:
        """Returns how many trials, counted from the first, must have ended before trial `number` is suggested."""

    def suggest(self, number: int, earlier: Earlier) -> dict[str, Value]:
        """Returns the parameters of a trial, fixed and searched together.

        Called in the order of the trials' numbers, at most once for each.
        """

    def decisions(self, number: int, params: Params, earlier: Earlier, reported: Reports) -> TrialDecisions | None:
        """Returns the decisions about an attempt at a trial; None: it runs to its end.

        `reported` are the reports of an earlier attempt, which an attempt from a checkpoint does not repeat.
        """


@dataclass(frozen=True)
class RungDecision:
    """The decision about a trial that is paused at a rung."""

    trial: int
    promoted: bool
    reason: str
    """Why, in one line."""


Trials: TypeAlias = "Mapping[int, TrialRecord]"
"""The trials that were started so far, by number."""


class Promoter(Protocol):
    """Pauses trials at rungs and decides which of them go on: the part of a strategy that calls trials again.

    A decision depends on the results of all trials of a rung, in the order of their numbers, and on nothing else.
    """

    def pause_after(self, number: int, trials: Trials) -> int | None:
        """Returns the report, counted from 1 over all attempts, at which a trial pauses next; None: at none."""

    def group(self, number: int) -> range:
        """Returns the trials that compete with a trial; a sweep ends early after a whole group only."""

    def turn(self, number: int, rung: int, trials: Trials) -> int:
        """Returns when an attempt up to a rung (0: the first) is to start: after those with lower turns."""

    def may_start(self, number: int, trials: Trials) -> bool:
        """Returns whether all results are there on which the suggestion of a trial depends."""

    def decided(self, trials: Trials) -> Sequence[RungDecision]:
        """Returns the decisions about paused trials that can be made now and are not recorded yet."""


@runtime_checkable
class HasPromoter(Protocol):
    """A strategy whose trials pause at rungs."""

    @property
    def promoter(self) -> Promoter:
        """Decides which of them go on."""


class Generations(Protocol):
    """Trains trials that go on from the files of earlier ones, as far as a generation: the part of a population."""

    def parent(self, number: int, earlier: Earlier) -> int | None:
        """Returns the trial from whose files a trial goes on; None: it begins anew."""

    def ends_after(self, number: int) -> int | None:
        """Returns the report after which a trial is complete, without those of its ancestors; None: at its end."""


@runtime_checkable
class HasGenerations(Protocol):
    """A strategy whose trials go on from earlier ones."""

    @property
    def generations(self) -> Generations:
        """Says which, and how far."""


class RunsToTheEnd:
    """The part of a strategy that lets every trial run to its end."""

    needs_reports = False

    @staticmethod
    def decisions(_number: int, _params: Params, _earlier: Earlier, _reported: Reports) -> TrialDecisions | None:
        """Returns None: no trial is stopped."""
        return None


@runtime_checkable
class FindsPoints(Protocol):
    """A strategy that finds the number of a trial from its searched parameters."""

    def find(self, point: Params) -> int | None:
        """Returns the number of the trial that has these searched parameters, or None if there is none."""


class Pruner(Protocol):
    """Decides whether trials go on, with any strategy; a decision depends on the trials that the suggestion saw."""

    def decisions(self, number: int, params: Params, ended: Sequence[TrialRecord], reported: Reports) -> TrialDecisions:
        """Returns the decisions about an attempt at a trial; `reported` are the reports of an earlier attempt."""


def earlier_than(number: int, needed: int, trials: Mapping[int, TrialRecord]) -> Earlier:
    """Returns the trials that trial `number` may depend on, the same for any number and speed of workers."""
    return Earlier([trials[each] for each in range(needed)], _ParamsBelow(number, trials))


def ended_by_now(number: int, trials: Mapping[int, TrialRecord]) -> Earlier:
    """Returns all trials that have ended when trial `number` is suggested."""
    ended = [trials[each] for each in range(number) if trials[each].state.final]
    return Earlier(ended, _ParamsBelow(number, trials))


class _ParamsBelow(Sequence[Params]):
    """The parameters of the trials below a number, looked up when they are asked for: most strategies never ask."""

    def __init__(self, number: int, trials: Mapping[int, TrialRecord]) -> None:
        self._numbers = range(number)
        self._trials = trials

    def __len__(self) -> int:
        return len(self._numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self._numbers))

    @overload
    def __getitem__(self, index: int) -> Params: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Params]: ...

    def __getitem__(self, index: int | slice) -> Params | Sequence[Params]:
        if isinstance(index, slice):
            return [self._trials[each].params for each in self._numbers[index]]
        return self._trials[self._numbers[index]].params


NOTHING_EARLIER = Earlier((), ())
