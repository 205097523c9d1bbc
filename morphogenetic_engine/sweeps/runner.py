"""The run loop: takes a sweep's folder and runs every trial that has not ended yet.

A new sweep and a resumed one are the same thing: what the journal says is done is done, the rest is run.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from morphogenetic_engine import __version__
from morphogenetic_engine.errors import ConfigError, FailureReason, MorphogeneticError, StoreError, WorkloadError
from morphogenetic_engine.sweeps import events, workers
from morphogenetic_engine.sweeps.config import SweepConfig, SweepType
from morphogenetic_engine.sweeps.early_stopping import EarlyStopper
from morphogenetic_engine.sweeps.events import Event, Outcome, TrialState
from morphogenetic_engine.sweeps.folder import SweepFolder, SweepInfo
from morphogenetic_engine.sweeps.journal import Journal
from morphogenetic_engine.sweeps.probe import rejection, worker_setup
from morphogenetic_engine.sweeps.replicates import combined_metrics, replicate_seed
from morphogenetic_engine.sweeps.resources import parallel_workers
from morphogenetic_engine.sweeps.results import History, read_history
from morphogenetic_engine.sweeps.schedule import Schedule, tries_again
from morphogenetic_engine.sweeps.search import pruning_of, suggestions_of
from morphogenetic_engine.sweeps.seeds import trial_seed
from morphogenetic_engine.sweeps.stop_signals import StopSignals
from morphogenetic_engine.sweeps.suggestions import Suggestions, TrialDecisions, earlier_than
from morphogenetic_engine.sweeps.trial_table import TrialTable
from morphogenetic_engine.trial import Metrics, Params

Observer = Callable[[Event], None]
"""Is told each event right after the journal has it."""

_STARTS_IN_VAIN = 3
"""Workers that may die in a row before one is ready."""


def run_sweep(folder: SweepFolder, *, observers: Iterable[Observer] = (), retry_failed: bool = False) -> Outcome:
    """Run all trials of a sweep that have not ended, and return how this session ended.

    Raises:
        ConfigError: the workload does not take the sweep's parameters, or does not report the objective.
        WorkloadError: the workload cannot be loaded.
        SweepError: another process runs this sweep, or the folder is damaged.
        StoreError: the folder cannot be written.
    """
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(folder.journal))
        info = folder.read_info()
        history = read_history(folder, keep_curves=info.config.sweep_type is SweepType.BAYESIAN)
        table = stack.enter_context(TrialTable(folder.table, info.config))
        runner = SweepRunner(
            folder, info, journal, history=history, table=table, observers=observers, retry_failed=retry_failed
        )
        return runner.run()


@dataclass
class _Attempt:
    """A trial that a worker is running."""

    number: int
    attempt: int
    begun: float
    """By the monotonic clock."""
    decisions: TrialDecisions | None
    last_report: Metrics = field(default_factory=dict)


class SweepRunner:
    """One session of a sweep."""

    def __init__(
        self,
        folder: SweepFolder,
        info: SweepInfo,
        journal: Journal,
        *,
        history: History,
        table: TrialTable,
        observers: Iterable[Observer],
        retry_failed: bool,
    ) -> None:
        self._folder = folder
        self._config = info.config
        self._info = info
        self._journal = journal
        self._history = history
        self._table = table
        self._observers = tuple(observers)
        self._suggestions = suggestions_of(info.config)
        self._parallel = parallel_workers(info.config.execution)
        self._schedule = _schedule(info.config, history, self._suggestions, self._parallel, retry_failed)
        self._pruning = pruning_of(info.config)
        self._running: dict[workers.Worker, _Attempt] = {}
        self._in_vain = 0
        self._spent = history.seconds

    def run(self) -> Outcome:
        """Run until nothing is left, or something says stop."""
        host = socket.gethostname()
        self._give_up_stale_trials()
        self._record(events.SessionStarted(time.time(), os.getpid(), host, __version__, self._parallel))
        self._table.write(self._history.trials.values())
        if not self._schedule.waiting:
            return self._end(Outcome.EARLY_STOPPED if self._schedule.early_stopped else Outcome.FINISHED)
        setup = worker_setup(self._config, Path(self._info.working_directory), self._folder.workers_log, self._parallel)
        with workers.WorkerPool(setup) as pool, StopSignals(pool.kill_all) as signals:
            pool.wake_on(signals.descriptor)
            try:
                outcome = self._loop(pool, signals)
            except MorphogeneticError as error:
                self._abort(pool, error)
                raise
        self._table.write(self._history.trials.values())
        return self._end(outcome)

    def _loop(self, pool: workers.WorkerPool, signals: StopSignals) -> Outcome:
        begun = time.monotonic()
        limit = self._config.optimization.timeout
        closing = None if limit is None else begun + limit - self._spent
        time_is_up = False
        while self._schedule.waiting or self._running:
            if signals.requested:
                self._interrupt(pool)
                return Outcome.INTERRUPTED
            if closing is not None and time.monotonic() >= closing and self._schedule.waiting:
                time_is_up = True
                self._schedule.stop()
            self._hire(pool)
            self._hand_out(pool)
            for worker, message in pool.poll(self._deadline(closing)):
                self._hear(worker, message)
            self._kill_late(pool)
        if time_is_up:
            return Outcome.TIME_IS_UP
        return Outcome.EARLY_STOPPED if self._schedule.early_stopped else Outcome.FINISHED

    def _hire(self, pool: workers.WorkerPool) -> None:
        """Start workers until there is one for each trial that could run now."""
        wanted = min(self._parallel, self._schedule.waiting + len(self._running))
        taken = {worker.number for worker in pool.workers}
        for number in range(self._parallel):
            if len(pool.workers) < wanted and number not in taken:
                pool.start(number)

    def _hand_out(self, pool: workers.WorkerPool) -> None:
        for worker in pool.workers:
            if worker.ready and worker not in self._running:
                number = self._schedule.next()
                if number is None:
                    return
                self._start(worker, number)

    def _start(self, worker: workers.Worker, number: int) -> None:
        known = self._history.trials.get(number)
        attempt = known.attempt + 1 if known else 0
        params = known.params if known else self._suggest(number)
        seed = trial_seed(self._config.optimization.seed, number)
        decisions = self._decisions(number, params)
        self._record(events.TrialStarted(time.time(), number, attempt, worker.number, seed, params))
        self._running[worker] = _Attempt(number, attempt, time.monotonic(), decisions)
        worker.run(
            workers.TrialTask(
                number=number,
                seed=seed,
                params=params,
                dir=self._folder.trial(number),
                objectives=[objective.metric for objective in self._config.optimization.all_objectives],
                decides=decisions is not None,
                replicates=self._replicates_left(number),
            )
        )

    def _decisions(self, number: int, params: Params) -> TrialDecisions | None:
        """Return the pruner's decisions about a trial; they see what the trial's suggestion saw."""
        if self._pruning is None:
            return None
        known = self._history.trials.get(number)
        ended = [self._history.trials[each] for each in range(self._suggestions.needs(number))]
        return self._pruning.of_trial(number, params, ended, reported=dict(known.curve) if known else {})

    def _replicates_left(self, number: int) -> list[dict[str, int]]:
        """Return the replicates of a trial that no earlier attempt finished; none: the trial has no replicates."""
        wanted, known = self._config.experiment.replicates, self._history.trials[number].replicates
        if wanted == 1:
            return []
        left = [replicate for replicate in range(wanted) if replicate not in known]
        return [{"replicate": each, "seed": replicate_seed(self._config.optimization.seed, each)} for each in left]

    def _suggest(self, number: int) -> Params:
        needed = self._suggestions.needs(number)
        return self._suggestions.params(number, earlier_than(number, needed, self._history.trials))

    def _hear(self, worker: workers.Worker, message: workers.Message) -> None:
        match message:
            case workers.Ready():
                worker.ready = True
                self._in_vain = 0
            case workers.Rejected():
                raise rejection(message, self._config, self._info.config_path)
            case workers.Reported():
                self._take_report(worker, message)
            case workers.Replicated():
                self._take_replicate(worker, message)
            case workers.Ended():
                self._finish(self._running.pop(worker), message)
            case workers.Died(status):
                self._bury(worker, status)

    def _take_report(self, worker: workers.Worker, report: workers.Reported) -> None:
        running = self._running[worker]
        step, metrics = report.step, report.metrics
        self._record(
            events.TrialReported(time.time(), running.number, running.attempt, step, metrics, report.replicate)
        )
        running.last_report = metrics
        if report.replicate is None:
            self._decide(worker, running, step, metrics)

    def _take_replicate(self, worker: workers.Worker, done: workers.Replicated) -> None:
        running = self._running[worker]
        self._record(
            events.ReplicateEnded(
                time.time(), running.number, running.attempt, done.replicate, done.seed, done.metrics, done.duration
            )
        )
        self._decide(worker, running, done.replicate, done.metrics)

    def _decide(self, worker: workers.Worker, running: _Attempt, step: int, metrics: Metrics) -> None:
        """Answer a worker that waits for the pruner."""
        if running.decisions is not None:
            value = metrics.get(self._config.optimization.target_metric)
            worker.decide(prune=value is not None and running.decisions.stops_at(step, value))

    def _finish(self, attempt: _Attempt, ended: workers.Ended) -> None:
        """Record how an attempt ended: for good, or to be tried again."""
        number = attempt.number
        if tries_again(self._history, number, ended.reason, self._config.execution.retries):
            reason = ended.reason or FailureReason.EXCEPTION
            self._record(events.AttemptFailed(time.time(), number, attempt.attempt, reason, ended.message))
            self._schedule.again(number)
            return
        duration = time.monotonic() - attempt.begun
        self._record(
            events.TrialEnded(
                time.time(),
                number,
                attempt.attempt,
                ended.state,
                duration,
                self._final_metrics(attempt, ended),
                ended.reason,
                ended.message,
            )
        )
        self._table.add(self._history.trials[number], self._history.trials.values())
        self._schedule.ended()
        self._check_first_ends(attempt, ended)

    def _final_metrics(self, attempt: _Attempt, ended: workers.Ended) -> Metrics:
        """Return a complete trial's metrics, what its replicates come to, or what a pruned trial reported last."""
        replicates = self._history.trials[attempt.number].replicates
        if replicates and ended.state is not TrialState.FAILED:
            return combined_metrics(replicates, self._config.optimization)
        return attempt.last_report if ended.state is TrialState.PRUNED else ended.metrics

    def _check_first_ends(self, attempt: _Attempt, ended: workers.Ended) -> None:
        """End a sweep that cannot work: its workload has no such objective, or makes no reports for the pruner."""
        where = self._info.config_path
        if ended.reason is FailureReason.MISSING_METRIC and not self._history.any_complete:
            raise ConfigError(f"{where}: optimization.target_metric: {ended.message}")
        silent = ended.state is TrialState.COMPLETE and not self._history.trials[attempt.number].curve
        if silent and self._pruning is not None:
            pruner = self._config.optimization.pruner
            raise ConfigError(
                f"{where}: optimization.pruner: {pruner} needs reports, but trial {attempt.number} made none; use none"
            )

    def _bury(self, worker: workers.Worker, status: int) -> None:
        attempt = self._running.pop(worker, None)
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        if attempt is not None:
            hint = "; out of memory?" if status == -9 else ""
            self._finish(attempt, workers.failed(FailureReason.KILLED, f"the worker process died ({how}{hint})"))
        elif not worker.ready:
            self._in_vain += 1
            if self._in_vain >= _STARTS_IN_VAIN:
                log = self._folder.workers_log
                raise WorkloadError(f"{self._info.config_path}: workers die before they are ready ({how}); see {log}")

    def _kill_late(self, pool: workers.WorkerPool) -> None:
        """End the trials that have run longer than allowed."""
        limit = self._config.execution.timeout_per_trial
        if limit is None:
            return
        now = time.monotonic()
        for worker, attempt in list(self._running.items()):
            if now - attempt.begun >= limit:
                for message in pool.kill(worker):
                    self._hear(worker, message)
                if self._running.pop(worker, None):
                    self._finish(attempt, workers.failed(FailureReason.TIMEOUT, f"ran longer than {limit:g} s"))

    def _deadline(self, closing: float | None) -> float | None:
        """Return the time of the monotonic clock by which something has to be done, if any."""
        limit = self._config.execution.timeout_per_trial
        times = [] if limit is None else [attempt.begun + limit for attempt in self._running.values()]
        if closing is not None and self._schedule.waiting:
            times.append(closing)
        return min(times, default=None)

    def _interrupt(self, pool: workers.WorkerPool) -> None:
        """Stop all workers; what they finished counts, what they were running is recorded as interrupted."""
        self._schedule.stop()
        for worker, message in pool.kill_all():
            if not isinstance(message, workers.Rejected):
                self._hear(worker, message)
        for attempt in self._running.values():
            self._record(events.TrialInterrupted(time.time(), attempt.number, attempt.attempt))
        self._running.clear()

    def _abort(self, pool: workers.WorkerPool, error: MorphogeneticError) -> None:
        """Leave a journal that says why the session ended, unless the journal itself is what failed."""
        pool.kill_all()
        if isinstance(error, StoreError):
            return
        for attempt in self._running.values():
            self._record(events.TrialInterrupted(time.time(), attempt.number, attempt.attempt))
        self._record(events.SessionEnded(time.time(), Outcome.ABORTED, str(error)))

    def _give_up_stale_trials(self) -> None:
        """Trials that a killed process left running are nobody's now."""
        for number, trial in sorted(self._history.trials.items()):
            if trial.state is TrialState.RUNNING:
                self._record(events.TrialInterrupted(time.time(), number, trial.attempt))

    def _end(self, outcome: Outcome) -> Outcome:
        self._record(events.SessionEnded(time.time(), outcome))
        return outcome

    def _record(self, event: Event) -> None:
        self._journal.append(event)
        self._history.apply(event)
        for observer in self._observers:
            observer(event)


def _schedule(
    config: SweepConfig, history: History, suggestions: Suggestions, parallel: int, retry_failed: bool
) -> Schedule:
    rule = config.execution.early_stopping
    return Schedule(
        history,
        len(suggestions),
        needs=suggestions.needs,
        lookahead=config.optimization.lookahead or parallel,
        stopper=EarlyStopper(rule, config.optimization) if rule else None,
        retry_failed=retry_failed,
    )
