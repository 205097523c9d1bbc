"""Records attempts at trials as events: started, reported, replicated, failed, ended, interrupted.

The run loop and a single trial record the same events for the same messages; this is the place that decides whether a
failed attempt is tried again, and which metrics a trial ends with.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record import events
from morphogenetic_engine.sweeps.record.events import Event, TrialState
from morphogenetic_engine.sweeps.record.replicates import combined_metrics, replicate_seed
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.messages import Ended, Replicated, Reported, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.schedule import tries_again
from morphogenetic_engine.trial import Metrics, Params


class TrialRecorder:
    """Turns the start and the messages of tasks into events; the history is what these events add up to."""

    def __init__(self, config: SweepConfig, history: History, record: Callable[[Event], None]) -> None:
        """`record` writes an event and applies it to the history."""
        self._config = config
        self._history = history
        self._record = record
        self._last_reports: dict[TaskKey, Metrics] = {}
        self._objectives = [objective.metric for objective in config.optimization.all_objectives]
        self._named = config.named_metrics

    def start(  # pylint: disable=too-many-arguments
        self, number: int, *, slot: int, seed: int, params: Params, folder: Path, decides: bool = False
    ) -> TrialTask:
        """Record that an attempt at a trial starts, and return its task."""
        known = self._history.trials.get(number)
        attempt = known.attempt + 1 if known else 0
        self._record(events.TrialStarted(time.time(), number, attempt, slot, seed, params))
        return TrialTask(
            trial=number,
            attempt=attempt,
            seed=seed,
            params=params,
            dir=folder,
            objectives=self._objectives,
            named=self._named,
            decides=decides,
            replicates=self._replicates_left(number),
        )

    def reported(self, report: Reported | Replicated) -> None:
        """Records the metrics of a step or of a replicate."""
        now, (trial, attempt) = time.time(), report.key
        if isinstance(report, Replicated):
            number, seed, duration = report.replicate, report.seed, report.duration
            self._record(events.ReplicateEnded(now, trial, attempt, number, seed, report.metrics, duration))
            return
        self._last_reports[report.key] = report.metrics
        self._record(events.TrialReported(now, trial, attempt, report.step, report.metrics, report.replicate))

    def tries_again(self, ended: Ended) -> bool:
        """Records an attempt that failed and has retries left, and returns True; False: the trial has ended."""
        number, attempt = ended.key
        if not tries_again(self._history.trials[number], ended.reason, self._config.execution.retries):
            return False
        self._last_reports.pop(ended.key, None)
        reason = ended.reason or FailureReason.EXCEPTION
        self._record(events.AttemptFailed(time.time(), number, attempt, reason, ended.message))
        return True

    def ended(self, ended: Ended, seconds: float) -> None:
        """Records the end of a trial."""
        metrics = self._final_metrics(ended)
        number, attempt = ended.key
        self._record(
            events.TrialEnded(
                time.time(),
                number,
                attempt,
                ended.state,
                seconds,
                metrics,
                ended.reason,
                ended.message,
                ended.left_out,
            )
        )

    def interrupted(self, key: TaskKey) -> None:
        """Record that an attempt was given up without an end."""
        self._last_reports.pop(key, None)
        self._record(events.TrialInterrupted(time.time(), *key))

    def _final_metrics(self, ended: Ended) -> Metrics:
        """Returns a complete trial's metrics, the combination of its replicates, or a pruned trial's last report."""
        last_report = self._last_reports.pop(ended.key, {})
        replicates = self._history.trials[ended.trial].replicates
        if replicates and ended.state is not TrialState.FAILED:
            return combined_metrics(replicates, self._config.optimization)
        return last_report if ended.state is TrialState.PRUNED else ended.metrics

    def _replicates_left(self, number: int) -> list[dict[str, int]]:
        """Returns the replicates of a trial that no earlier attempt finished; empty: the trial has no replicates."""
        wanted, known = self._config.experiment.replicates, self._history.trials[number].replicates
        if wanted == 1:
            return []
        left = [replicate for replicate in range(wanted) if replicate not in known]
        return [{"replicate": each, "seed": replicate_seed(self._config.optimization.seed, each)} for each in left]
