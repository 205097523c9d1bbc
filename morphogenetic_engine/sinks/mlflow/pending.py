"""Computes the pending updates of MLflow runs from journal events.

Pure: nothing here talks to a server, and the same events always give the same updates. So sending twice is harmless:
the second time, every row equals an existing one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from morphogenetic_engine.sinks.mlflow import runs
from morphogenetic_engine.sinks.mlflow.replicate_metrics import ReplicateRows
from morphogenetic_engine.sinks.mlflow.runs import (
    TAG,
    MetricRow,
    RunUpdate,
    Status,
    TrialUpdate,
    metric_rows,
    milliseconds,
)
from morphogenetic_engine.sweeps.record.events import (
    ConfirmationEnded,
    Event,
    ReplicateEnded,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.trials import History, TrialRecord
from morphogenetic_engine.sweeps.schema.objective import broken_limits
from morphogenetic_engine.trial import Metrics, text

KILLED = "killed"
"""The outcome of a sweep whose process was killed."""


@dataclass(frozen=True)
class _Report:
    """The last step that an attempt reported."""

    step: int
    metrics: Metrics


@dataclass
class _Batch:
    """The updates to send."""

    session_began: bool = False
    sweep_rows: list[MetricRow] = field(default_factory=list)
    rows: dict[int, list[MetricRow]] = field(default_factory=dict)
    """The run updates by trial number; trials without news are absent."""
    begun: set[int] = field(default_factory=set)
    resumed: set[int] = field(default_factory=set)
    """Promoted trials, which go on in the run of the attempt that paused."""
    ended: dict[int, int] = field(default_factory=dict)
    """The ends of trials, in milliseconds since 1970."""


class PendingUpdates:
    """The state of a sweep after some events, and its pending updates."""

    def __init__(self, info: SweepInfo) -> None:
        self._info = info
        self._pauses = info.config.optimization.strategy is not None
        self.history = History(keep_curves=self._pauses, identities=info.identities)
        self.best: TrialRecord | None = None
        self._counts: Counter[TrialState] = Counter()
        self._furthest: dict[int, _Report] = {}
        self._replicates = ReplicateRows()
        self._run_attempts: dict[int, int] = {}
        """The attempt that names a trial's run: the first of those that only pauses separate."""
        self._first = self._last = 0.0
        self._ends = 0
        self._batch: _Batch | None = None

    def __bool__(self) -> bool:
        return self._batch is not None

    def clear(self) -> None:
        """Clears the pending updates after they were sent."""
        self._batch = None

    def skip(self, event: Event) -> None:
        """Applies an event that was already sent."""
        self.add(event)
        self.clear()

    def add(self, event: Event) -> None:
        """Applies an event that has yet to be sent.

        Raises:
            SweepError: the event belongs to a trial that never started.
        """
        batch = self._batch = self._batch or _Batch()
        self._first, self._last = self._first or event.time, event.time
        if isinstance(event, TrialStarted) and self.history.ended(event.trial):
            self._counts[self.history.trials[event.trial].state] -= 1
        promoted = self._is_promoted(event)
        self.history.apply(event)
        match event:
            case SessionStarted():
                batch.session_began = True
            case SessionEnded() | ConfirmationEnded():
                pass
            case TrialStarted() if promoted:
                batch.resumed.add(event.trial)
                batch.rows.setdefault(event.trial, [])
            case TrialStarted():
                self._start(event, batch)
            case TrialReported():
                batch.rows.setdefault(event.trial, []).extend(self._report(event))
            case ReplicateEnded():
                batch.rows.setdefault(event.trial, []).extend(self._replicates.end(event))
                self._furthest[event.trial] = _Report(event.replicate + 1, {})  # their aggregate is logged after them
            case TrialEnded():
                self._end(event, batch)
            case _:
                batch.rows.setdefault(event.trial, [])

    def run_attempt(self, number: int) -> int:
        """Returns the attempt that names the run of a trial; those of a promoted trial continue the run that paused."""
        return self._run_attempts.get(number, 0)

    def trials(self) -> list[TrialUpdate]:
        """Returns the updates of the trials that changed."""
        return [self._trial(number) for number in self._batch.rows] if self._batch else []

    def sweep(self) -> RunUpdate:
        """Returns the update of the sweep's own run."""
        end = self.history.last_end
        if end is None:
            return self._sweep(Status.RUNNING, None, {f"{TAG}outcome": "running"})
        tags = {f"{TAG}outcome": end.outcome.value}
        if end.message:
            tags[f"{TAG}message"] = end.message
        return self._sweep(runs.SWEEP_STATUS[end.outcome], milliseconds(end.time), tags)

    def abandoned(self) -> tuple[RunUpdate, list[TrialUpdate]]:
        """Returns the update of a sweep whose process was killed, and those of the trials that it was running."""
        sweep = self._sweep(Status.KILLED, milliseconds(self._last), {f"{TAG}outcome": KILLED})
        running = [trial for trial in self.history.trials.values() if trial.state is TrialState.RUNNING]
        return sweep, [self._trial(trial.number, TrialState.INTERRUPTED) for trial in running]

    def _is_promoted(self, event: Event) -> bool:
        trial = self.history.trials.get(event.trial) if isinstance(event, TrialStarted) else None
        return trial is not None and trial.state is TrialState.PROMOTED

    def _start(self, event: TrialStarted, batch: _Batch) -> None:
        """Begins the run of an attempt; reports of an earlier one belong to that attempt's run.

        Where trials pause, an attempt reports no step again that is known, so it is given these steps.
        """
        number = event.trial
        batch.begun.add(number)
        batch.ended.pop(number, None)
        self._run_attempts[number] = event.attempt
        self._furthest.pop(number, None)
        curve = self.history.trials[number].curve if self._pauses else {}
        rows = [row for step, metrics in sorted(curve.items()) for row in metric_rows(metrics, event.time, step)]
        batch.rows[number] = rows + self._replicates.restart(number)
        if curve:
            self._furthest[number] = _Report(max(curve), curve[max(curve)])

    def _report(self, event: TrialReported) -> list[MetricRow]:
        if event.replicate is not None:
            return self._replicates.report(event, event.replicate)
        before = self._furthest.get(event.trial)
        if before is None or event.step >= before.step:
            self._furthest[event.trial] = _Report(event.step, event.metrics)
        return metric_rows(event.metrics, event.time, event.step)

    def _end(self, event: TrialEnded, batch: _Batch) -> None:
        """Adds the final metrics at the last step, unless they equal the report of that step."""
        last = self._furthest.pop(event.trial, _Report(0, {}))
        new = {key: value for key, value in event.metrics.items() if last.metrics.get(key) != value}
        batch.rows.setdefault(event.trial, []).extend(metric_rows(new, event.time, last.step))
        batch.ended[event.trial] = milliseconds(event.time)
        if event.state is not TrialState.FAILED:  # a failed one may be retried
            self._replicates.forget(event.trial)
        self._ends += 1
        self._counts[event.state] += 1
        trial = self.history.trials[event.trial]
        if event.state is TrialState.COMPLETE and self._beats_best(trial):
            self.best = trial
        batch.sweep_rows.extend(metric_rows(self._standing(), event.time, self._ends))

    def _beats_best(self, trial: TrialRecord) -> bool:
        rule = self._info.config.optimization
        new, best = trial.metrics.get(rule.target_metric), self.best
        if new is None or not rule.is_feasible(trial.metrics):
            return False
        if best is None:
            return True
        old = best.metrics[rule.target_metric]
        return rule.direction.better(new, old) or (new == old and trial.number < best.number)

    def _standing(self) -> dict[str, float]:
        """Returns the number of ended trials by state, and the best objective so far."""
        found = {f"trials_{state}": float(self._counts[state]) for state in TrialState if state.final}
        if self.best is not None:
            target = self._info.config.optimization.target_metric
            found[f"best_{target}"] = self.best.metrics[target]
        return found

    def _trial(self, number: int, state: TrialState | None = None) -> TrialUpdate:
        batch = self._batch or _Batch()
        trial = self.history.trials[number]
        state, attempt = state or trial.state, self.run_attempt(number)
        tags = {f"{TAG}state": state.value}
        if trial.reason is not None and state.final:
            tags[f"{TAG}reason"] = trial.reason.value
        limits = self._info.config.optimization.outcome_constraints
        if limits and state is TrialState.COMPLETE:
            broken = broken_limits(limits, trial.metrics)
            tags[f"{TAG}feasible"] = "false" if broken else "true"
            tags |= {f"{TAG}broken.{metric}": found for metric, found in broken.items()}
        if trial.message and state.final:
            tags[f"{TAG}message"] = trial.message
        run = RunUpdate(
            name=f"trial {number}",
            started=milliseconds(trial.started),
            status=runs.TRIAL_STATUS[state],
            ended=batch.ended.get(number),
            params={name: text(value) for name, value in trial.params.items()},
            identity={f"{TAG}trial": str(number), f"{TAG}attempt": str(attempt), f"{TAG}seed": str(trial.seed)},
            tags=tags,
            metrics=batch.rows.get(number, []),
            begun=number in batch.begun,
            resumed=number in batch.resumed,
        )
        return TrialUpdate(number, attempt, run)

    def _sweep(self, status: Status, ended: int | None, tags: dict[str, str]) -> RunUpdate:
        info, batch = self._info, self._batch or _Batch()
        if self.best is not None:
            tags[f"{TAG}best_trial"] = str(self.best.number)
        if info.git_commit:
            tags["mlflow.source.git.commit"] = info.git_commit
        tags |= {f"{TAG}input.{name}": f"{file.path} sha256:{file.sha256}" for name, file in info.inputs.items()}
        rule = info.config.optimization
        tags |= {
            f"{TAG}objective": f"{rule.direction} {rule.target_metric}",
            f"{TAG}sweep_type": info.config.sweep_type,
            f"{TAG}seed": str(rule.seed),
        }
        return RunUpdate(
            name=info.sweep_id,
            started=milliseconds(self._first),
            status=status,
            ended=ended,
            params={name: text(value) for name, value in info.config.space.fixed.items()},
            identity=sweep_identity(info),
            tags=tags,
            metrics=batch.sweep_rows,
            begun=batch.session_began,
        )


def sweep_identity(info: SweepInfo) -> dict[str, str]:
    """Returns the tags that identify a sweep's run; the creation time distinguishes equal ids of two machines."""
    return {
        f"{TAG}sweep_id": info.sweep_id,
        f"{TAG}sweep_identity": info.identity,
        f"{TAG}sweep_created": info.created,
    }
