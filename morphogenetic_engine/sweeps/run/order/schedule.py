"""The order in which trials start, and when there is none left; independent of processes.

Trials start in the order of their numbers; one that was interrupted, or is retried, goes first. Where the results
decide about later trials, trial n waits for the trials up to n - lookahead and is decided by these alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Mapping
from typing import Protocol

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.record.trials import History, TrialRecord
from morphogenetic_engine.sweeps.schema.execution_section import Retries


class Stopper(Protocol):
    """A rule that may stop the sweep before all trials have run."""

    def stops_after(self, trial: TrialRecord) -> bool:
        """Takes the next ended trial in the order of the numbers, and returns whether the sweep stops after it."""


class Schedule:
    """The order of the trials of one sweep."""

    def __init__(
        self,
        history: History,
        total: int,
        *,
        needs: Callable[[int], int] = lambda _number: 0,
        lookahead: int,
        waits: bool = True,
        stoppers: Mapping[Outcome, Stopper] | None = None,
        retry_failed: bool = False,
    ) -> None:
        self.stopped: Outcome | None = None
        """The reason why no further trial starts, if a stopper ended the sweep."""
        self._history = history
        self._total = total
        self._needs = needs
        self._lookahead = lookahead
        self._waits = waits
        self._stoppers = stoppers or {}
        self._frontier = 0
        self._again = numbers_to_run_again(history.trials, total, retry_failed=retry_failed)
        # Their old ends no longer count: trials that depend on them wait for the new ones.
        self._reopened = {number for number in self._again if history.ended(number)}
        self._fresh = max(history.trials, default=-1) + 1
        self._advance()

    @property
    def waiting(self) -> int:
        """The number of trials that are still to be started."""
        return len(self._again) + max(0, self._total - self._fresh)

    def next(self) -> int | None:
        """Removes the trial to start now from the queue and returns it; None: none can start yet, or none is left."""
        if self._again:
            lost = self._again[0] not in self._history.trials
            if lost and not self._may_start(self._again[0]):
                return None
            number = heapq.heappop(self._again)
            self._reopened.discard(number)
            return number
        if self._fresh >= self._total or not self._may_start(self._fresh):
            return None
        self._fresh += 1
        return self._fresh - 1

    def again(self, number: int) -> None:
        """Queue a trial that was started and has to run again."""
        heapq.heappush(self._again, number)

    def ended(self) -> None:
        """Updates the schedule after a trial has ended in the history."""
        self._advance()

    def stop(self) -> None:
        """Starts no further trial."""
        self._total, self._again = 0, []

    def _may_start(self, number: int) -> bool:
        decided = number - self._lookahead + 1 if self._stoppers and self._waits else 0
        return self._frontier >= max(decided, self._needs(number))

    def _advance(self) -> None:
        """Advance the frontier, below which every trial has ended, and apply the stop rules to each trial it passes."""
        while self._history.ended(self._frontier) and self._frontier not in self._reopened:
            trial = self._history.trials[self._frontier]
            said = [outcome for outcome, stopper in self._stoppers.items() if stopper.stops_after(trial)]
            if said and self.stopped is None:
                self.stopped = said[0]
                # Where trials do not wait, running trials finish, and no other one starts.
                self._total = min(self._total, self._frontier + self._lookahead if self._waits else self._fresh)
            self._frontier += 1


def numbers_to_run_again(
    trials: Mapping[int, TrialRecord], total: int, *, retry_failed: bool, resting: Container[TrialState] = ()
) -> list[int]:
    """Returns the trials that a session starts before fresh ones: interrupted, retried, and taken out by a repair.

    Trials in a state of `resting` wait for something else.
    """

    def runs_again(number: int) -> bool:
        if number not in trials:
            return True
        state = trials[number].state
        return state is TrialState.FAILED if state.final and retry_failed else not (state.final or state in resting)

    return list(filter(runs_again, range(min(total, max(trials, default=-1) + 1))))


class Tried(Protocol):
    """The counts of failed attempts."""

    @property
    def crashes(self) -> int:
        """Attempts that ended with the death of the worker."""

    @property
    def exceptions(self) -> int:
        """Attempts that ended with an exception."""


def tries_again(tried: Tried, reason: FailureReason | None, retries: Retries) -> bool:
    """Returns whether a failed attempt has retries left; `tried` counts the failures before it."""
    if reason is FailureReason.KILLED:
        return tried.crashes < retries.crashes
    raised = {FailureReason.EXCEPTION, FailureReason.OUT_OF_GPU_MEMORY}
    return reason in raised and tried.exceptions < retries.exceptions
