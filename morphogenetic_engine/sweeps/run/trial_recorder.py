"""Records attempts at trials as events: started, reported, replicated, failed, ended, interrupted.

The run loop and a single trial record the same events for the same messages; this is the place that decides whether a
failed attempt is retried, and which metrics a trial ends with.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record import events
from morphogenetic_engine.sweeps.record.events import Event, TrialState
from morphogenetic_engine.sweeps.record.replicates import combined_metrics, replicate_seed
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.messages import Ended, Replicated, Reported, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.order.pausing import PausePoint
from morphogenetic_engine.sweeps.run.order.schedule import tries_again
from morphogenetic_engine.sweeps.search.pruners.fixed_decisions import HasThresholds, sent_thresholds
from morphogenetic_engine.sweeps.strategy import RungDecision, TrialDecisions
from morphogenetic_engine.trial import Metrics, Params


class TrialRecorder:
    """Turns the start and the messages of tasks into events; the history is what these events add up to."""

    def __init__(self, config: SweepConfig, history: History, record: Callable[[Event], None]) -> None:
        """`record` writes an event and applies it to the history."""
        self._config = config
        self._history = history
        self._record = record
        self._last_reports: dict[TaskKey, Metrics] = {}
        self._pausing: dict[TaskKey, PausePoint] = {}
        self._repeated: Counter[TaskKey] = Counter()
        self._returned: set[int] = set()
        self._objectives = [objective.metric for objective in config.optimization.all_objectives]
        self._named = config.named_metrics

    def start(  # pylint: disable=too-many-arguments
        self,
        number: int,
        *,
        slot: int,
        seed: int,
        params: Params,
        folder: Path,
        decisions: TrialDecisions | None = None,
        pause: PausePoint | None = None,
        parent: int | None = None,
    ) -> TrialTask:
        """Records that an attempt at a trial starts, and returns its task; known steps are repeated ones."""
        known = self._history.trials.get(number)
        attempt = known.attempt + 1 if known else 0
        self._record(events.TrialStarted(time.time(), number, attempt, slot, seed, params, parent))
        if pause is not None:
            self._pausing[number, attempt] = pause
        thresholds = sent_thresholds(decisions)
        last = max(known.curve, default=None) if known else None
        return TrialTask(
            trial=number,
            attempt=attempt,
            seed=seed,
            params=params,
            dir=folder,
            objectives=self._objectives,
            constrained=tuple(self._config.optimization.outcome_constraints),
            named=self._named,
            decides=decisions is not None,
            thresholds=thresholds,
            reported=decisions.reported if isinstance(decisions, HasThresholds) else {},
            replicates=self._replicates_left(number),
            pause_after=None if pause is None else pause.after,
            reported_until=last if pause is None else pause.reported_until,
            keeps_reports=pause is not None or thresholds is not None,
            alone=number in self._returned or bool(known and known.crashes),
        )

    def reported(self, report: Reported | Replicated) -> None:
        """Records the metrics of a step or of a replicate."""
        now, (trial, attempt) = time.time(), report.key
        if isinstance(report, Replicated):
            number, seed, duration = report.replicate, report.seed, report.duration
            self._record(events.ReplicateEnded(now, trial, attempt, number, seed, report.metrics, duration))
            return
        if self._is_repeated(report):
            self._repeated[report.key] += 1
            return
        self._last_reports[report.key] = report.metrics
        self._record(events.TrialReported(now, trial, attempt, report.step, report.metrics, report.replicate))

    def tries_again(self, ended: Ended) -> bool:
        """Records an attempt that failed and has retries left, and returns True; False: the trial has ended."""
        number, attempt = ended.key
        if not tries_again(self._history.trials[number], ended.reason, self._config.execution.retries):
            return False
        self._forget(ended.key)
        reason = ended.reason or FailureReason.EXCEPTION
        self._record(events.AttemptFailed(time.time(), number, attempt, reason, ended.message))
        return True

    def ended(self, ended: Ended, seconds: float) -> None:
        """Records the end of a trial."""
        metrics = self._final_metrics(ended)
        number, attempt = ended.key
        self._forget(ended.key)
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
                ended.saved,
            )
        )

    def mark_orphans(self) -> None:
        """Records that trials whose process was killed are interrupted."""
        for number, trial in sorted(self._history.trials.items()):
            if trial.state is TrialState.RUNNING:
                self.interrupted((number, trial.attempt))

    def interrupted(self, key: TaskKey) -> None:
        """Records that an attempt was interrupted."""
        self._forget(key)
        self._record(events.TrialInterrupted(time.time(), *key))

    def returned(self, key: TaskKey) -> None:
        """Records that an attempt was interrupted with its batch; later attempts of the trial run alone."""
        self.interrupted(key)
        self._returned.add(key[0])

    def paused(self, key: TaskKey, step: int, seconds: float, saved: float | None = None) -> None:
        """Records that an attempt ended in a pause at a step."""
        self._forget(key)
        metrics = self._history.trials[key[0]].curve[step]
        self._record(events.TrialPaused(time.time(), *key, step, metrics, seconds, saved))

    def ended_generation(self, key: TaskKey, step: int, seconds: float, saved: float | None = None) -> None:
        """Records that a trial is complete with its generation, with the metrics of its last report."""
        self._forget(key)
        metrics = self._history.trials[key[0]].curve[step]
        self._record(events.TrialEnded(time.time(), *key, TrialState.COMPLETE, seconds, metrics, saved=saved))

    def decided(self, decision: RungDecision) -> None:
        """Records what becomes of a paused trial: it goes on, or ends as pruned with the metrics of its last report."""
        trial = self._history.trials[decision.trial]
        if decision.promoted:
            self._record(events.TrialPromoted(time.time(), trial.number, trial.rung + 1))
            return
        metrics, attempt = trial.pauses[-1].metrics, trial.attempt
        now, state = time.time(), TrialState.PRUNED
        self._record(events.TrialEnded(now, trial.number, attempt, state, 0.0, metrics, message=decision.reason))

    def _is_repeated(self, report: Reported) -> bool:
        """Returns whether a trial that pauses reported this before, in this attempt or an earlier one."""
        pause = self._pausing.get(report.key)
        if pause is None:
            return False
        known = self._history.trials[report.trial].curve.get(report.step, {})
        earlier = pause.reported_until is not None and report.step <= pause.reported_until
        return earlier or (bool(known) and report.metrics.items() <= known.items())

    def _forget(self, key: TaskKey) -> None:
        """Forgets an attempt that has ended, and records how many steps it repeated."""
        self._last_reports.pop(key, None)
        self._pausing.pop(key, None)
        repeated = self._repeated.pop(key, 0)
        if repeated:
            self._record(events.StepsRepeated(time.time(), *key, repeated))

    def _final_metrics(self, ended: Ended) -> Metrics:
        """Returns a complete trial's metrics, the combination of its replicates, or a pruned trial's last report."""
        trial = self._history.trials[ended.trial]
        last_report = self._last_reports.pop(ended.key, None) or trial.curve.get(max(trial.curve, default=0), {})
        replicates = trial.replicates
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
