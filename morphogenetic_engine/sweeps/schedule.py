"""Which trial runs next, and when there is none left; knows nothing of processes.

Trials start in the order of their numbers; one that was interrupted, or is tried again, goes first. Where the results
decide about later trials, trial n waits for the trials up to n - lookahead and is decided by these alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.early_stopping import EarlyStopper
from morphogenetic_engine.sweeps.events import TrialState
from morphogenetic_engine.sweeps.results import History
from morphogenetic_engine.sweeps.sections import Retries


class Schedule:
    """The order of the trials of one sweep."""

    def __init__(
        self,
        history: History,
        total: int,
        *,
        needs: Callable[[int], int] = lambda _number: 0,
        lookahead: int,
        stopper: EarlyStopper | None = None,
        retry_failed: bool = False,
    ) -> None:
        self.early_stopped = False
        self._history = history
        self._total = total
        self._needs = needs
        self._lookahead = lookahead
        self._stopper = stopper
        self._frontier = 0
        retried = {TrialState.FAILED} if retry_failed else set()
        self._again = [
            number
            for number, trial in sorted(history.trials.items())
            if number < total and (not trial.state.final or trial.state in retried)
        ]
        self._fresh = max(history.trials, default=-1) + 1
        self._advance()

    @property
    def waiting(self) -> int:
        """How many trials are still to be started."""
        return len(self._again) + max(0, self._total - self._fresh)

    def next(self) -> int | None:
        """Return the trial to start now, which is then no longer waiting; None: there is none yet, or none left."""
        if self._again:
            return heapq.heappop(self._again)
        if self._fresh >= self._total or not self._may_start(self._fresh):
            return None
        self._fresh += 1
        return self._fresh - 1

    def again(self, number: int) -> None:
        """Put a trial back that was started and has to run once more."""
        heapq.heappush(self._again, number)

    def ended(self) -> None:
        """Take note that the history holds one more ended trial."""
        self._advance()

    def stop(self) -> None:
        """Start no trial any more."""
        self._total, self._again = 0, []

    def _may_start(self, number: int) -> bool:
        decided = 0 if self._stopper is None else number - self._lookahead + 1
        return self._frontier >= max(decided, self._needs(number))

    def _advance(self) -> None:
        """Move the frontier, below which every trial has ended, and ask at each trial whether the sweep stops."""
        while self._history.ended(self._frontier):
            trial = self._history.trials[self._frontier]
            if self._stopper is not None and not self.early_stopped and self._stopper.stops_after(trial):
                self.early_stopped = True
                self._total = min(self._total, self._frontier + self._lookahead)
            self._frontier += 1


def tries_again(history: History, number: int, reason: FailureReason | None, retries: Retries) -> bool:
    """Tell whether a trial whose attempt just failed has retries left."""
    trial = history.trials[number]
    if reason is FailureReason.KILLED:
        return trial.crashes < retries.crashes
    return reason is FailureReason.EXCEPTION and trial.exceptions < retries.exceptions
