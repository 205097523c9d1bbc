"""Runs one trial of a sweep by itself on the executor of the sweep: timeouts, retries and replicates included.

The carrier of trials in pods and pipeline steps. The events are those of a sweep's journal.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import Event, TrialPromoted, TrialState
from morphogenetic_engine.sweeps.record.trials import History, TrialRecord, counted_steps
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import Ended, Replicated, Reported, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.order.pausing import pause_point, reached_step
from morphogenetic_engine.sweeps.run.session import Session, Work, open_executor
from morphogenetic_engine.sweeps.run.stop_signals import StopSignals
from morphogenetic_engine.sweeps.run.trial_recorder import TrialRecorder
from morphogenetic_engine.sweeps.search.pruners.fixed_decisions import FixedDecisions, values_of
from morphogenetic_engine.sweeps.search.pruners.thresholds import Thresholds
from morphogenetic_engine.sweeps.single_trial.planned_trial import PlannedTrial
from morphogenetic_engine.sweeps.strategy import Decision

Observer = Callable[[Event], None]
WORKERS_LOG = "workers.log"


@dataclass(frozen=True)
class Generation:
    """The part of a trial in the training of a population."""

    ends_after: int | None
    """The report of its own after which it is complete; None: it runs to its end."""
    parent: int | None = None
    """The trial whose files it has and goes on from; None: it begins anew."""
    until: int | None = None
    """The last step of its ancestors; reports up to it are repeated."""


@dataclass(frozen=True)
class Course:
    """The course of a trial that runs by itself, as the strategy of its sweep decided when it suggested the trial."""

    thresholds: Thresholds | None = None
    """With these it stops itself; None: no pruner decides about it."""
    rung: int | None = None
    """The rung that it is trained to, from 0; None: it has no rungs."""
    pause_after: int | None = None
    """The report, counted from 1 over all rungs, at which it pauses; None: it runs to its end."""
    earlier: Sequence[Event] = ()
    """Its own journal of the rungs below."""
    generation: Generation | None = None
    """None: it is no member of a population."""


TO_THE_END = Course()


def run_one_trial(  # pylint: disable=too-many-arguments
    config: SweepConfig,
    trial: PlannedTrial,
    *,
    where: str,
    folder: Path,
    observers: Iterable[Observer] = (),
    course: Course = TO_THE_END,
) -> TrialRecord:
    """Runs a trial in its folder and returns how it ended, or paused.

    SIGTERM is how a cluster stops a trial early: it is then pruned, with the metrics that it reported last. Ctrl-C
    leaves it interrupted.

    Raises:
        ConfigError: the workload does not take the parameters, or does not report the objective.
        WorkloadError: the workload cannot be loaded.
    """
    setup = ExecutorSetup(config, where, Path.cwd(), folder / WORKERS_LOG, parallel=1)
    with open_executor(setup) as (executor, signals):
        work = _OneTrial(config, trial, course, folder, signals, observers)
        session = Session(executor, work, signals, limit=config.execution.timeout_per_trial)
        if not session.run():
            work.stop()
        return work.record


class _OneTrial(Work):
    """The work of a session that runs one trial."""

    def __init__(  # pylint: disable=too-many-arguments
        self,
        config: SweepConfig,
        trial: PlannedTrial,
        course: Course,
        folder: Path,
        signals: StopSignals,
        observers: Iterable[Observer],
    ) -> None:
        self._trial = trial
        self._course = course
        self._objectives = [objective.metric for objective in config.optimization.all_objectives]
        self._decisions: FixedDecisions | None = None
        self._folder = folder
        self._signals = signals
        self._observers = tuple(observers)
        self._history = History()
        self._recorder = TrialRecorder(config, self._history, self._tell)
        for event in course.earlier:
            self._history.apply(event)
        if course.rung and not self.record.state.final:
            self._tell(TrialPromoted(time.time(), trial.number, course.rung))
        self._waits = not self._history.ended(trial.number)

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
        """Records a report and decides whether the trial goes on; others may stop it with SIGTERM."""
        self._recorder.reported(report)
        if self._decisions is None or (isinstance(report, Reported) and report.replicate is not None):
            return Decision.GO_ON
        value = report.metrics.get(self._objectives[0])
        step = report.replicate if isinstance(report, Replicated) else report.step
        return Decision.GO_ON if value is None else self._decisions.decide(step, value)

    def paused(self, key: TaskKey, seconds: float, saved: float | None = None) -> None:
        """Records that the trial waits at its rung: for this process, its end. Or that its generation is over."""
        if self._course.generation is not None:
            self._recorder.ended_generation(key, counted_steps(self.record, self._objectives)[-1], seconds, saved)
            return
        if self._course.rung is None:
            super().paused(key, seconds)
        self._recorder.paused(key, counted_steps(self.record, self._objectives)[-1], seconds, saved)

    def ended(self, ended: Ended, seconds: float) -> None:
        """Records the end of the attempt, and try again while there are retries left."""
        generation = self._course.generation
        last = self._course.pause_after if generation is None else generation.ends_after
        reached = reached_step(self.record, last, self._objectives)
        if ended.state is TrialState.FAILED and reached is not None:  # it died after its last report
            rest = self._recorder.paused if generation is None else self._recorder.ended_generation
            rest(ended.key, reached, seconds)
        elif self._recorder.tries_again(ended):
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
        trial, course = self._trial, self._course
        known = self._history.trials.get(trial.number)
        reported = {} if known is None else known.curve
        if course.thresholds is not None:
            self._decisions = FixedDecisions(course.thresholds, values_of(reported, self._objectives[0]))
        pause = None if course.rung is None else pause_point(known, course.pause_after, self._objectives)
        if course.generation is not None:
            own = pause_point(known, course.generation.ends_after, self._objectives)
            pause = replace(own, reported_until=course.generation.until) if own.reported_until is None else own
        return self._recorder.start(
            trial.number,
            slot=slot,
            seed=trial.seed,
            params=trial.params,
            folder=self._folder,
            decisions=self._decisions,
            pause=pause,
            parent=None if course.generation is None else course.generation.parent,
        )

    def _tell(self, event: Event) -> None:
        self._history.apply(event)
        for observer in self._observers:
            observer(event)
