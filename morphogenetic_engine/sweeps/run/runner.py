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
from morphogenetic_engine.errors import ConfigError, FailureReason, MorphogeneticError, StoreError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record import events
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder, SweepInfo
from morphogenetic_engine.sweeps.record.inputs import check_inputs
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.replicate_table import add_replicates, write_replicates
from morphogenetic_engine.sweeps.record.replicates import combined_metrics, replicate_seed
from morphogenetic_engine.sweeps.record.trial_table import TrialTable
from morphogenetic_engine.sweeps.record.trials import History, read_history
from morphogenetic_engine.sweeps.run import workers
from morphogenetic_engine.sweeps.run.budget import BudgetStopper
from morphogenetic_engine.sweeps.run.early_stopping import EarlyStopper
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from morphogenetic_engine.sweeps.run.schedule import Schedule, Stopper, tries_again
from morphogenetic_engine.sweeps.run.stop_signals import StopSignals
from morphogenetic_engine.sweeps.run.worker_group import Crew, Heard
from morphogenetic_engine.sweeps.run.workload_check import worker_setup
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.search.warm_start import read_warm_start
from morphogenetic_engine.sweeps.seeds import trial_seed
from morphogenetic_engine.sweeps.strategy import (
    Decision,
    Earlier,
    Strategy,
    TrialDecisions,
    earlier_than,
    ended_by_now,
)
from morphogenetic_engine.trial import Metrics, Params

Observer = Callable[[Event], None]
"""Is told each event right after the journal has it."""


def run_sweep(folder: SweepFolder, *, observers: Iterable[Observer] = (), retry_failed: bool = False) -> Outcome:
    """Run all trials of a sweep that have not ended, and return how this session ended.

    Raises:
        ConfigError: the workload does not take the sweep's parameters, or does not report the objective.
        WorkloadError: the workload cannot be loaded.
        SweepError: another process runs this sweep, an input has changed since it began, or the folder is damaged.
        StoreError: the folder cannot be written.
    """
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(folder.journal))
        info = folder.read_info()
        check_inputs(info.inputs, Path(info.working_directory), f"sweep {folder.sweep_id}")
        history = read_history(folder, keep_curves=_looks_at_curves(info.config))
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
        self._strategy = strategy_of(info.config, read_warm_start(folder), log=folder.search_log)
        self._parallel = parallel_workers(info.config.execution)
        self._schedule = _schedule(info.config, history, self._strategy, self._parallel, retry_failed)
        self._spent = history.seconds

    def run(self) -> Outcome:
        """Run until nothing is left, or something says stop."""
        host = socket.gethostname()
        self._give_up_stale_trials()
        self._record(events.SessionStarted(time.time(), os.getpid(), host, __version__, self._parallel))
        self._write_tables()
        if not self._schedule.waiting:
            return self._end(self._schedule.stopped or Outcome.FINISHED)
        setup = worker_setup(self._config, Path(self._info.working_directory), self._folder.workers_log, self._parallel)
        with workers.WorkerPool(setup) as pool, StopSignals(pool.kill_all) as signals:
            pool.wake_on(signals.descriptor)
            log, where = str(self._folder.workers_log), self._info.config_path
            crew: Crew[_Attempt] = Crew(pool, self._config, where=where, log=log, parallel=self._parallel)
            try:
                outcome = self._loop(crew, signals)
            except MorphogeneticError as error:
                pool.kill_all()
                self._abort(crew, error)
                raise
        self._write_tables()
        return self._end(outcome)

    def _loop(self, crew: Crew[_Attempt], signals: StopSignals) -> Outcome:
        begun = time.monotonic()
        limit = self._config.optimization.timeout
        closing = None if limit is None else begun + limit - self._spent
        time_is_up = False
        while self._schedule.waiting or crew.running:
            if signals.requested:
                self._interrupt(crew)
                return Outcome.INTERRUPTED
            if closing is not None and time.monotonic() >= closing and self._schedule.waiting:
                time_is_up = True
                self._schedule.stop()
            crew.hire(self._schedule.waiting)
            self._hand_out(crew)
            for worker, attempt, message in crew.listen(closing if self._schedule.waiting else None):
                self._hear(worker, attempt, message)
        if time_is_up:
            return Outcome.TIME_IS_UP
        return self._schedule.stopped or Outcome.FINISHED

    def _hand_out(self, crew: Crew[_Attempt]) -> None:
        for worker in crew.idle():
            number = self._schedule.next()
            if number is None:
                return
            self._start(crew, worker, number)

    def _start(self, crew: Crew[_Attempt], worker: workers.Worker, number: int) -> None:
        known = self._history.trials.get(number)
        attempt = known.attempt + 1 if known else 0
        params = known.params if known else self._suggest(number)
        seed = trial_seed(self._config.optimization.seed, number)
        decisions = self._decisions(number, params)
        self._record(events.TrialStarted(time.time(), number, attempt, worker.number, seed, params))
        crew.give(
            worker,
            _Attempt(number, attempt, time.monotonic(), decisions),
            workers.TrialTask(
                number=number,
                seed=seed,
                params=params,
                dir=self._folder.trial(number),
                objectives=[objective.metric for objective in self._config.optimization.all_objectives],
                decides=decisions is not None,
                replicates=self._replicates_left(number),
            ),
        )

    def _decisions(self, number: int, params: Params) -> TrialDecisions | None:
        """Return the decisions about a trial; they depend on the trials that its suggestion depended on."""
        if not self._strategy.needs_reports:
            return None
        known = self._history.trials.get(number)
        reported = dict(known.curve) if known else {}
        return self._strategy.decisions(number, params, self._earlier(number), reported)

    def _replicates_left(self, number: int) -> list[dict[str, int]]:
        """Return the replicates of a trial that no earlier attempt finished; none: the trial has no replicates."""
        wanted, known = self._config.experiment.replicates, self._history.trials[number].replicates
        if wanted == 1:
            return []
        left = [replicate for replicate in range(wanted) if replicate not in known]
        return [{"replicate": each, "seed": replicate_seed(self._config.optimization.seed, each)} for each in left]

    def _suggest(self, number: int) -> Params:
        return self._strategy.suggest(number, self._earlier(number))

    def _earlier(self, number: int) -> Earlier:
        """Return what may be looked at to decide about a trial."""
        if not self._config.optimization.reproducible:
            return ended_by_now(number, self._history.trials)
        return earlier_than(number, self._strategy.needs(number), self._history.trials)

    def _hear(self, worker: workers.Worker, attempt: _Attempt, message: Heard) -> None:
        match message:
            case workers.Reported():
                self._take_report(worker, attempt, message)
            case workers.Replicated():
                self._take_replicate(worker, attempt, message)
            case workers.Ended():
                self._finish(attempt, message)

    def _take_report(self, worker: workers.Worker, attempt: _Attempt, report: workers.Reported) -> None:
        step, metrics = report.step, report.metrics
        self._record(
            events.TrialReported(time.time(), attempt.number, attempt.attempt, step, metrics, report.replicate)
        )
        attempt.last_report = metrics
        if report.replicate is None:
            self._decide(worker, attempt, step, metrics)

    def _take_replicate(self, worker: workers.Worker, attempt: _Attempt, done: workers.Replicated) -> None:
        self._record(
            events.ReplicateEnded(
                time.time(), attempt.number, attempt.attempt, done.replicate, done.seed, done.metrics, done.duration
            )
        )
        self._decide(worker, attempt, done.replicate, done.metrics)

    def _decide(self, worker: workers.Worker, attempt: _Attempt, step: int, metrics: Metrics) -> None:
        """Answer a worker that waits for the pruner."""
        if attempt.decisions is not None:
            value = metrics.get(self._config.optimization.target_metric)
            decision = Decision.GO_ON if value is None else attempt.decisions.decide(step, value)
            worker.decide(prune=decision is Decision.STOP)

    def _finish(self, attempt: _Attempt, ended: workers.Ended) -> None:
        """Record how an attempt ended: for good, or to be tried again."""
        number = attempt.number
        if tries_again(self._history.trials[number], ended.reason, self._config.execution.retries):
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
        add_replicates(self._folder.replicates, self._history.trials[number])
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
        if silent and self._strategy.needs_reports:
            pruner = self._config.optimization.pruner
            raise ConfigError(
                f"{where}: optimization.pruner: {pruner} needs reports, but trial {attempt.number} made none; use none"
            )

    def _interrupt(self, crew: Crew[_Attempt]) -> None:
        """Stop all workers; what they finished counts, what they were running is recorded as interrupted."""
        self._schedule.stop()
        for worker, attempt, message in crew.dismiss():
            self._hear(worker, attempt, message)
        for attempt in crew.running.values():
            self._record(events.TrialInterrupted(time.time(), attempt.number, attempt.attempt))

    def _abort(self, crew: Crew[_Attempt], error: MorphogeneticError) -> None:
        """Leave a journal that says why the session ended, unless the journal itself is what failed."""
        if isinstance(error, StoreError):
            return
        for attempt in crew.running.values():
            self._record(events.TrialInterrupted(time.time(), attempt.number, attempt.attempt))
        self._record(events.SessionEnded(time.time(), Outcome.ABORTED, str(error)))

    def _give_up_stale_trials(self) -> None:
        """Trials that a killed process left running are nobody's now."""
        for number, trial in sorted(self._history.trials.items()):
            if trial.state is TrialState.RUNNING:
                self._record(events.TrialInterrupted(time.time(), number, trial.attempt))

    def _write_tables(self) -> None:
        trials = self._history.trials.values()
        self._table.write(trials)
        write_replicates(self._folder.replicates, trials)

    def _end(self, outcome: Outcome) -> Outcome:
        self._record(events.SessionEnded(time.time(), outcome))
        return outcome

    def _record(self, event: Event) -> None:
        self._journal.append(event)
        self._history.apply(event)
        for observer in self._observers:
            observer(event)


def _looks_at_curves(config: SweepConfig) -> bool:
    """Tell whether anything is decided from what trials report on the way."""
    return config.rules.learns or config.prunes or config.optimization.budget is not None


def _schedule(config: SweepConfig, history: History, strategy: Strategy, parallel: int, retry_failed: bool) -> Schedule:
    stoppers: dict[Outcome, Stopper] = {}
    if config.execution.early_stopping is not None:
        stoppers[Outcome.EARLY_STOPPED] = EarlyStopper(config.execution.early_stopping, config.optimization)
    if config.optimization.budget is not None:
        stoppers[Outcome.BUDGET_SPENT] = BudgetStopper(config.optimization.budget, config.optimization)
    return Schedule(
        history,
        strategy.trials,
        needs=strategy.needs,
        lookahead=config.optimization.lookahead or parallel,
        waits=config.optimization.reproducible,
        stoppers=stoppers,
        retry_failed=retry_failed,
    )
