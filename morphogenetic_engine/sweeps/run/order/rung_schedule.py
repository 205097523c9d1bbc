"""The order in which trials start where they pause at rungs; independent of processes.

Interrupted trials, and those that a repair took out of the journal, go first, then by the turns that the promoter
gives, which are those of groups (brackets); in a group the lowest rung, fresh trials among them: the others wait
for it. Which trial starts when changes no result: a promotion depends on whole rungs, a suggestion on the rungs
that its promoter waits for.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from morphogenetic_engine.sweeps.record.events import Outcome, TrialState
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.order.schedule import Stopper, numbers_to_run_again
from morphogenetic_engine.sweeps.strategy import Promoter, RungDecision


class RungSchedule:
    """The order of the trials of one sweep whose trials pause."""

    def __init__(
        self,
        history: History,
        total: int,
        promoter: Promoter,
        *,
        stoppers: Mapping[Outcome, Stopper] | None = None,
        retry_failed: bool = False,
    ) -> None:
        self.stopped: Outcome | None = None
        """The reason why no further trial starts, if a stopper ended the sweep."""
        self._history = history
        self._total = total
        self._promoter = promoter
        self._stoppers = stoppers or {}
        self._frontier = 0
        trials = history.trials
        resting = {TrialState.PAUSED, TrialState.PROMOTED}
        self._again = numbers_to_run_again(trials, total, retry_failed=retry_failed, resting=resting)
        promoted = [trial for trial in trials.values() if trial.state is TrialState.PROMOTED]
        self._promoted = sorted(self._queued(each.number, each.rung) for each in promoted)
        # Their old ends no longer count: what depends on them waits for the new ones.
        self._reopened = {number for number in self._again if history.ended(number)}
        self._fresh = max(trials, default=-1) + 1
        self._is_closed = False
        self._advance()

    @property
    def waiting(self) -> int:
        """The number of attempts that are still to be started, as far as that is known."""
        return len(self._again) + len(self._promoted) + max(0, self._total - self._fresh)

    def next(self) -> int | None:
        """Returns the trial to start now and takes it off the queue; None: none can start yet, or none is left."""
        if self._again and self._may_start(self._again[0]):
            number = heapq.heappop(self._again)
            self._reopened.discard(number)
            return number
        if self._promoted and self._promoted[0][0] < self._turn_of_fresh():
            return self._next_promoted()
        if self._fresh >= self._total or not self._may_start(self._fresh):
            return self._next_promoted()
        self._fresh += 1
        return self._fresh - 1

    def again(self, number: int) -> None:
        """Queues a trial that was started and has to run again."""
        heapq.heappush(self._again, number)

    def ended(self) -> None:
        """Updates the schedule after a trial has ended in the history."""
        self._advance()

    def decided(self) -> Sequence[RungDecision]:
        """Returns the decisions about paused trials that can be made now; the caller records them."""
        if self._is_closed or self._reopened:
            return []
        decisions = self._promoter.decided(self._history.trials)
        for decision in decisions:
            if decision.promoted:
                rung = self._history.trials[decision.trial].rung + 1
                heapq.heappush(self._promoted, self._queued(decision.trial, rung))
        return decisions

    def stop(self) -> None:
        """Starts no further trial, and decides no further rung."""
        self._total, self._again, self._promoted, self._is_closed = 0, [], [], True

    def _next_promoted(self) -> int | None:
        """Removes the promoted trial to start now; None: there is none, or it waits for one that a repair took out."""
        if not self._promoted or not self._may_start(self._promoted[0][-1]):
            return None
        return heapq.heappop(self._promoted)[-1]

    def _queued(self, number: int, rung: int) -> tuple[int, int, int]:
        return self._promoter.turn(number, rung, self._history.trials), rung, number

    def _turn_of_fresh(self) -> int:
        """Returns the turn of the next fresh trial; past the last, where none is left."""
        if self._fresh >= self._total:
            return self._total
        return self._promoter.turn(self._fresh, 0, self._history.trials)

    def _may_start(self, number: int) -> bool:
        if self._stoppers and self._frontier < self._promoter.group(number).start:
            return False
        return self._promoter.may_start(number, self._history.trials)

    def _advance(self) -> None:
        """Advances the frontier, below which every trial has ended, and applies the stop rules to each one it passes.

        The group of a trial that meets a stop rule still ends as planned; no group after it starts.
        """
        while self._history.ended(self._frontier) and self._frontier not in self._reopened:
            trial = self._history.trials[self._frontier]
            said = [outcome for outcome, stopper in self._stoppers.items() if stopper.stops_after(trial)]
            if said and self.stopped is None:
                self.stopped = said[0]
                self._total = min(self._total, self._promoter.group(self._frontier).stop)
            self._frontier += 1
