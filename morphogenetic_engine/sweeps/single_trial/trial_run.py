"""Runs one trial of a sweep by itself on the executor of the sweep: timeouts, retries and replicates included.

The carrier of trials in pods and pipeline steps. The events are those of a sweep's journal.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from pathlib import Path

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import Event, TrialState
from morphogenetic_engine.sweeps.record.trials import History, TrialRecord
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import Ended, Replicated, Reported, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.session import Session, Work, open_executor
from morphogenetic_engine.sweeps.run.stop_signals import StopSignals
from morphogenetic_engine.sweeps.run.trial_recorder import TrialRecorder
from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial
from morphogenetic_engine.sweeps.strategy import Decision

Observer = Callable[[Event], None]


def run_one_trial(
    config: SweepConfig, trial: PlannedTrial, *, where: str, folder: Path, observers: Iterable[Observer] = ()
) -> TrialRecord:
    """Runs a trial in its folder and returns how it ended.

    SIGTERM is how a cluster stops a trial early: it is then pruned, with the metrics that it reported last. Ctrl-C
    leaves it interrupted.

    Raises:
        ConfigError: the workload does not take the parameters, or does not report the objective.
        WorkloadError: the workload cannot be loaded.
    """
    setup = ExecutorSetup(config, where, Path.cwd(), folder / "workers.log", parallel=1)
    with open_executor(setup) as (executor, signals):
        work = _OneTrial(config, trial, folder, signals, observers)
        session = Session(executor, work, signals, limit=config.execution.timeout_per_trial)
        if not session.run():
            work.stop()
        return work.record


class _OneTrial(Work):
    """The work of a session that runs one trial."""

    def __init__(
        self,
        config: SweepConfig,
        trial: PlannedTrial,
        folder: Path,
        signals: StopSignals,
        observers: Iterable[Observer],
    ) -> None:
        self._waits = True
        self._trial = trial
        self._folder = folder
        self._signals = signals
        self._observers = tuple(observers)
        self._history = History()
        self._recorder = TrialRecorder(config, self._history, self._tell)

    @property
    def record(self) -> TrialRecord:
        """The trial after the events so far."""
        return self._history.trials[self._trial.number]

    def stop(self) -> None:
        """Records the end of a trial that a signal stopped before it started, or before it was retried."""
        if not self._history.trials:
            self.interrupted(self._start(slot=0).key, 0.0)
        elif self._waits and self._signals.requested is signal.SIGTERM:
            self._end_stopped((self.record.number, self.record.attempt), 0.0)

    @property
    def waiting(self) -> int:
        """One attempt at a time."""
        return int(self._waits)

    def next(self, slot: int) -> TrialTask | None:
        """Starts the trial, unless it runs already."""
        if not self._waits:
            return None
        self._waits = False
        return self._start(slot)

    def reported(self, report: Reported | Replicated) -> Decision:
        """Records a report; what decides about trials is elsewhere, and stops one with SIGTERM."""
        self._recorder.reported(report)
        return Decision.GO_ON

    def ended(self, ended: Ended, seconds: float) -> None:
        """Records the end of the attempt, and try again while there are retries left."""
        if self._recorder.tries_again(ended):
            self._waits = True
        else:
            self._recorder.ended(ended, seconds)

    def interrupted(self, key: TaskKey, seconds: float) -> None:
        """Records a trial that was stopped: as pruned by SIGTERM, else as interrupted."""
        if self._signals.requested is signal.SIGTERM:
            self._end_stopped(key, seconds)
        else:
            self._recorder.interrupted(key)

    def _end_stopped(self, key: TaskKey, seconds: float) -> None:
        self._recorder.ended(Ended(*key, TrialState.PRUNED, message="stopped by SIGTERM"), seconds)

    def _start(self, slot: int) -> TrialTask:
        trial = self._trial
        return self._recorder.start(trial.number, slot=slot, seed=trial.seed, params=trial.params, folder=self._folder)

    def _tell(self, event: Event) -> None:
        self._history.apply(event)
        for observer in self._observers:
            observer(event)
