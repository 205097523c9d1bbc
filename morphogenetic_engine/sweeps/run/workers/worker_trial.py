"""The trial contract, carried by a local worker process."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from morphogenetic_engine.errors import Paused, Pruned, TrialFailed
from morphogenetic_engine.sweeps.run.workers.channel import Channel
from morphogenetic_engine.sweeps.run.workers.process_state import flush_streams
from morphogenetic_engine.sweeps.run.workers.report_file import ReportFile
from morphogenetic_engine.sweeps.search.pruners.deciders import AttemptDecider
from morphogenetic_engine.trial import Metrics, checked_step, finite_metrics

_SWALLOWED = 5
"""Reports after a decision to end the trial, each of which raises again, until the worker ends the trial itself."""


class Pausing:
    """Counts the reports of an attempt up to the one at which it pauses."""

    def __init__(self, after: int, reported_until: int | None, objectives: Sequence[str]) -> None:
        self._left = after
        self._last = reported_until
        self._objectives = objectives

    def is_due(self, step: int, metrics: Metrics) -> bool:
        """Takes a report, and returns whether the attempt pauses at it; repeated steps do not count."""
        if (self._last is not None and step <= self._last) or any(name not in metrics for name in self._objectives):
            return False
        self._last = step
        self._left -= 1
        return self._left <= 0


class WorkerTrial:
    """One attempt at a trial. Reports may come from any thread of the worker until the attempt ends."""

    def __init__(  # pylint: disable=too-many-arguments
        self,
        channel: Channel,
        *,
        number: int,
        attempt: int,
        seed: int,
        dir: Path,  # pylint: disable=redefined-builtin  # the contract's name
        decides: bool,
        decider: AttemptDecider | None = None,
        objective: str = "",
        named: frozenset[str],
        replicate: int | None = None,
        pausing: Pausing | None = None,
        kept: ReportFile | None = None,
    ) -> None:
        """`decider` decides about the `objective` of reports if `decides`; None: the session is asked."""
        self.number = number
        self.seed = seed
        self.dir = dir
        self.verdict: Pruned | Paused | None = None
        """The exception of the last decision, if it ended the trial."""
        self.ignored = 0
        """Reports that were made in spite of it."""
        self.left_out: Counter[str] = Counter()
        """The number of values of each metric that were not finite; the file does not name these metrics."""
        self.saved: float | None = None
        """The seconds that it saved by training with others, as the workload estimates; None: it does not."""
        self._named = named
        self._channel = channel
        self._attempt = attempt
        self._replicate = replicate
        self._decides = decides
        self._decider = decider
        self._objective = objective
        self._pausing = pausing
        self._kept = kept
        self._is_over = False

    def report(self, step: int, metrics: Metrics) -> None:
        """Records the metrics of one step."""
        checked, whole = self.finite(metrics), checked_step(step)
        with self._channel.lock:
            self._check_open(whole)
            if self._kept is not None:
                self._kept.keep(whole, checked)
            self._tell(whole, checked)

    def report_missing(self) -> None:
        """Sends the reports of earlier attempts that the coordinator lacks.

        Raises:
            Paused: they reach the rung at which the trial pauses.
        """
        for step, metrics in self._kept.missing() if self._kept is not None else ():
            self._tell(step, metrics)

    def _tell(self, step: int, metrics: Metrics) -> None:
        """Sends a report, and ends the trial if a decision about it says so."""
        self.send({"kind": "reported", "step": step, "metrics": metrics, "replicate": self._replicate})
        if self._decides and self._replicate is None:
            self.follow_decision(step, metrics, f"step {step}")
        if self._pausing is not None and self._pausing.is_due(step, metrics):
            self.verdict = Paused(f"paused at step {step}")
            raise self.verdict

    def finite(self, metrics: object) -> dict[str, float]:
        """Returns the finite metrics and counts the others.

        Raises:
            TrialFailed: the file names a metric that is not finite, or these are no metrics.
        """
        kept, left_out = finite_metrics(metrics, self._named)
        self.left_out.update(left_out)
        return kept

    def replicate(self, number: int, seed: int) -> WorkerTrial:
        """Returns one replicate of this attempt, with a folder of its own inside the trial's."""
        one = WorkerTrial(
            self._channel,
            number=self.number,
            attempt=self._attempt,
            seed=seed,
            dir=self.dir / f"replicate_{number}",
            decides=False,
            named=self._named,
            replicate=number,
        )
        one.left_out = self.left_out
        return one

    def send(self, message: Mapping[str, object]) -> None:
        """Sends a message about this attempt."""
        self._channel.send({**message, "trial": self.number, "attempt": self._attempt})

    def follow_decision(self, place: int, metrics: Metrics, what: str) -> None:
        """Decides about what was just sent, a step or a replicate, or waits for the session's decision.

        Raises:
            Pruned: the trial ends here.
            Paused: the trial ends here for now.
        """
        decision = (
            self._channel.decision(self.number, self._attempt) if self._decider is None else self._own(place, metrics)
        )
        if decision == "stop":
            self.verdict = Pruned(f"pruned at {what}")
        elif decision == "pause":
            self.verdict = Paused(f"paused at {what}")
        if self.verdict is not None:
            raise self.verdict

    def _own(self, place: int, metrics: Metrics) -> str:
        value = metrics.get(self._objective)
        assert self._decider is not None, "the decisions came with the task"
        return "stop" if value is not None and self._decider.stops(place, value) else "go_on"

    def close(self) -> None:
        """Refuses all later reports."""
        with self._channel.lock:
            self._is_over = True

    def _check_open(self, step: int) -> None:
        if self._is_over:
            self.send({"kind": "stale"})
            raise TrialFailed(f"trial {self.number} has ended: its report of step {step} is late and not recorded")
        if self.verdict is not None:
            self.ignored += 1
            if self.ignored >= _SWALLOWED:
                self._channel.send({"kind": "leaving"})
                self.send(end_by_decision(self, self.verdict))
                flush_streams()
                os._exit(0)  # the workload catches everything; the coordinator starts another worker
            raise self.verdict


def end_by_decision(trial: WorkerTrial, verdict: Pruned | Paused) -> dict[str, str]:
    """Returns the last message of an attempt that a decision ended; it says when the workload went on nevertheless."""
    if isinstance(verdict, Paused):
        return {"kind": "paused"}
    times = f"{trial.ignored} reports" if trial.ignored != 1 else "1 report"
    went_on = f"; the workload caught Pruned and went on for {times}: let it pass through" if trial.ignored else ""
    return {"kind": "ended", "state": "pruned", "message": f"{verdict}{went_on}"}
