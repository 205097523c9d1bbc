"""Runs one trial of a sweep by itself, in a worker process like any other: timeouts, retries and replicates included.

The carrier of trials in pods and pipeline steps. The events are those of a sweep's journal.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record import events
from morphogenetic_engine.sweeps.record.events import Event, TrialState
from morphogenetic_engine.sweeps.record.replicates import combined_metrics, replicate_seed
from morphogenetic_engine.sweeps.record.trials import History, TrialRecord
from morphogenetic_engine.sweeps.run import workers
from morphogenetic_engine.sweeps.run.schedule import tries_again
from morphogenetic_engine.sweeps.run.stop_signals import StopSignals
from morphogenetic_engine.sweeps.run.worker_group import Crew, Heard
from morphogenetic_engine.sweeps.run.workload_check import worker_setup
from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial
from morphogenetic_engine.trial import Metrics

Observer = Callable[[Event], None]


def run_one_trial(
    config: SweepConfig, trial: PlannedTrial, *, where: str, folder: Path, observers: Iterable[Observer] = ()
) -> TrialRecord:
    """Run a trial in its folder and return how it ended.

    SIGTERM is how a cluster stops a trial early: it is then pruned, with the metrics that it reported last. Ctrl-C
    leaves it interrupted.

    Raises:
        ConfigError: the workload does not take the parameters, or does not report the objective.
        WorkloadError: the workload cannot be loaded.
    """
    log = folder / "workers.log"
    setup = worker_setup(config, Path.cwd(), log, 1)
    with workers.WorkerPool(setup) as pool, StopSignals(pool.kill_all) as signals:
        pool.wake_on(signals.descriptor)
        crew: Crew[_Attempt] = Crew(pool, config, where=where, log=str(log))
        return _OneTrial(config, trial, folder, observers).run(crew, signals)


@dataclass
class _Attempt:
    begun: float
    """By the monotonic clock."""
    last_report: Metrics = field(default_factory=dict)


class _OneTrial:
    def __init__(self, config: SweepConfig, trial: PlannedTrial, folder: Path, observers: Iterable[Observer]) -> None:
        self._config = config
        self._trial = trial
        self._folder = folder
        self._observers = tuple(observers)
        self._history = History()

    @property
    def _record(self) -> TrialRecord | None:
        return self._history.trials.get(self._trial.number)

    def run(self, crew: Crew[_Attempt], signals: StopSignals) -> TrialRecord:
        while (record := self._record) is None or not record.state.final:
            if signals.requested is not None:
                return self._stop(crew, signals.requested)
            crew.hire(0 if crew.running else 1)
            for worker in crew.idle():
                self._start(crew, worker)
            for _, attempt, message in crew.listen():
                self._hear(attempt, message)
        return record

    def _start(self, crew: Crew[_Attempt], worker: workers.Worker) -> None:
        number = self._trial.number
        attempt = self._record.attempt + 1 if self._record else 0
        self._tell(events.TrialStarted(time.time(), number, attempt, 0, self._trial.seed, self._trial.params))
        task = workers.TrialTask(
            number=number,
            seed=self._trial.seed,
            params=self._trial.params,
            dir=self._folder,
            objectives=[objective.metric for objective in self._config.optimization.all_objectives],
            replicates=self._replicates_left(),
        )
        crew.give(worker, _Attempt(time.monotonic()), task)

    def _replicates_left(self) -> list[dict[str, int]]:
        wanted, seed = self._config.experiment.replicates, self._config.optimization.seed
        done = self._record.replicates if self._record else {}
        left = [number for number in range(wanted) if number not in done] if wanted > 1 else []
        return [{"replicate": number, "seed": replicate_seed(seed, number)} for number in left]

    def _hear(self, attempt: _Attempt, message: Heard) -> None:
        record, now = self._record, time.time()
        assert record is not None, "only a trial that was started is heard of"
        number = record.number
        match message:
            case workers.Reported(step, metrics, replicate):
                attempt.last_report = metrics
                self._tell(events.TrialReported(now, number, record.attempt, step, metrics, replicate))
            case workers.Replicated(replicate, seed, metrics, duration):
                self._tell(events.ReplicateEnded(now, number, record.attempt, replicate, seed, metrics, duration))
            case workers.Ended():
                self._finish(record, attempt, message)

    def _finish(self, record: TrialRecord, attempt: _Attempt, ended: workers.Ended) -> None:
        if tries_again(record, ended.reason, self._config.execution.retries):
            reason = ended.reason or FailureReason.EXCEPTION
            self._tell(events.AttemptFailed(time.time(), record.number, record.attempt, reason, ended.message))
            return
        metrics = ended.metrics
        if record.replicates and ended.state is not TrialState.FAILED:
            metrics = combined_metrics(record.replicates, self._config.optimization)
        elif ended.state is TrialState.PRUNED:
            metrics = attempt.last_report
        self._end(record, attempt, ended.state, metrics, reason=ended.reason, message=ended.message)

    def _stop(self, crew: Crew[_Attempt], why: signal.Signals) -> TrialRecord:
        """End the worker at once; a trial that had ended by then counts as it ended."""
        attempts = list(crew.running.values())
        for _, attempt, message in crew.dismiss():
            self._hear(attempt, message)
        record = self._record
        if record is None:  # stopped before the workload was loaded
            number = self._trial.number
            self._tell(events.TrialStarted(time.time(), number, 0, 0, self._trial.seed, self._trial.params))
            record = self._history.trials[number]
        if not record.state.final:
            attempt = attempts[0] if attempts else _Attempt(time.monotonic())
            if why is signal.SIGTERM:
                metrics = combined_metrics(record.replicates, self._config.optimization) if record.replicates else None
                said = f"stopped by {why.name}"
                self._end(record, attempt, TrialState.PRUNED, metrics or attempt.last_report, message=said)
            else:
                self._tell(events.TrialInterrupted(time.time(), record.number, record.attempt))
        return record

    def _end(
        self,
        record: TrialRecord,
        attempt: _Attempt,
        state: TrialState,
        metrics: Metrics,
        *,
        reason: FailureReason | None = None,
        message: str = "",
    ) -> None:
        seconds = time.monotonic() - attempt.begun
        self._tell(
            events.TrialEnded(time.time(), record.number, record.attempt, state, seconds, metrics, reason, message)
        )

    def _tell(self, event: Event) -> None:
        self._history.apply(event)
        for observer in self._observers:
            observer(event)
