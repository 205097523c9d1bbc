"""The run loop: takes a sweep's folder and runs every trial that has not ended yet.

A new sweep and a resumed one are the same: trials that have ended in the journal are done, the rest is run.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress

from morphogenetic_engine import __version__
from morphogenetic_engine.errors import MorphogeneticError, StoreError, SweepError
from morphogenetic_engine.sweeps.record import events
from morphogenetic_engine.sweeps.record.events import Event, Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.inputs import check_inputs
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.journal_file.repair import check_table
from morphogenetic_engine.sweeps.record.project_folder import project_folder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.tables.replicate_table import add_replicates, write_replicates
from morphogenetic_engine.sweeps.record.tables.trial_table import TrialTable
from morphogenetic_engine.sweeps.record.trials import History, counted_steps, read_history
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.first_trials import FirstTrials
from morphogenetic_engine.sweeps.run.messages import Ended, Replicated, Reported, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.order.inherited_folder import inherit_folder
from morphogenetic_engine.sweeps.run.order.pausing import PausePoint, pause_of_heir, reached_step, root_of
from morphogenetic_engine.sweeps.run.order.recorded_end import recorded_end
from morphogenetic_engine.sweeps.run.order.rung_schedule import RungSchedule
from morphogenetic_engine.sweeps.run.order.scheduling import looks_at_curves, schedule_of, trials_at_once
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from morphogenetic_engine.sweeps.run.session import Session, Work, open_executor
from morphogenetic_engine.sweeps.run.trial_recorder import TrialRecorder
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.search.warm_start import read_warm_start
from morphogenetic_engine.sweeps.space.seeds import trial_seed
from morphogenetic_engine.sweeps.strategy import Decision, Earlier, TrialDecisions, earlier_than, ended_by_now
from morphogenetic_engine.trial import Params

Observer = Callable[[Event], None]
"""Called with each event right after the journal has it."""


def run_sweep(folder: SweepFolder, *, observers: Iterable[Observer] = (), retry_failed: bool = False) -> Outcome:
    """Runs all trials of a sweep that have not ended, and returns how this session ended.

    Raises:
        ConfigError: the workload does not take the sweep's parameters, or does not report the objective.
        WorkloadError: the workload cannot be loaded.
        SweepError: another process runs this sweep, an input has changed since it began, or the folder is damaged.
        StoreError: the folder cannot be written.
    """
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(folder.journal))
        info = folder.read_info()
        check_table(folder)
        history = read_history(folder, keep_curves=looks_at_curves(info.config), identities=info.identities)
        check_inputs(info.inputs, project_folder(info, folder), f"sweep {folder.sweep_id}")
        table = stack.enter_context(TrialTable(folder.table, info.config))
        runner = SweepRunner(
            folder, info, journal, history=history, table=table, observers=observers, retry_failed=retry_failed
        )
        return runner.run()


class SweepRunner(Work):  # pylint: disable=too-many-instance-attributes  # the parts of a session
    """One session of a sweep: the work that its session runs."""

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
        self._promoter = self._strategy.promoter
        self._generations = self._strategy.generations
        self._schedule = schedule_of(
            info.config, history, self._strategy, self._promoter, parallel=self._parallel, retry_failed=retry_failed
        )
        self._decisions: dict[int, TrialDecisions] = {}
        self._objectives = [objective.metric for objective in info.config.optimization.all_objectives]
        self._recorder = TrialRecorder(info.config, history, self._record)
        self._first_trials = FirstTrials(
            info,
            history,
            total=self._strategy.trials,
            workers=self._parallel,
            needs_reports=self._strategy.needs_reports,
        )
        self._closing: float | None = None
        self._time_is_up = False

    def run(self) -> Outcome:
        """Runs until nothing is left, or a signal, a limit or a rule ends the session."""
        host = socket.gethostname()
        spent = self._history.seconds
        self._recorder.mark_orphans()
        self._record(
            events.SessionStarted(time.time(), os.getpid(), host, __version__, self._parallel, self._info.identity)
        )
        try:
            return self._run(spent)
        except MorphogeneticError as error:
            self._abort(error)
            raise
        except OSError as error:
            told = StoreError(f"{error.filename or self._folder.path}: {error.strerror or error}")
            self._abort(told)
            raise told from error

    def _run(self, spent: float) -> Outcome:
        """Runs the trials of this session; `spent` are the seconds of the sessions before."""
        self._write_tables()
        self._decide_rungs()
        if not self._schedule.waiting:
            return self._end(self._schedule.stopped or Outcome.FINISHED)
        info = self._info
        setup = ExecutorSetup(
            self._config,
            info.config_path,
            project_folder(info, self._folder),
            self._folder.workers_log,
            self._parallel,
            trials_at_once(self._config, self._parallel),
        )
        with open_executor(setup) as (executor, signals):
            session = Session(executor, self, signals, limit=self._config.execution.timeout_per_trial)
            limit = self._config.optimization.timeout
            self._closing = None if limit is None else time.monotonic() + limit - spent
            try:
                finished = session.run()
            except (MorphogeneticError, OSError):
                executor.stop_all()
                with suppress(SweepError, StoreError):  # the journal itself may have failed
                    session.give_up()
                raise
        self._write_tables()
        return self._end(self._outcome(finished), session.dropped)

    @property
    def waiting(self) -> int:
        """The number of trials that are still to be started."""
        return self._schedule.waiting

    def refresh(self) -> float | None:
        """Starts no further trial once the sweep's time budget is spent; before, returns when that will be."""
        if self._closing is None or not self._schedule.waiting:
            return None
        if time.monotonic() >= self._closing:
            self._time_is_up = True
            self._schedule.stop()
            return None
        return self._closing

    def next(self, slot: int) -> TrialTask | None:
        """Records the start of the next trial that may run now."""
        number = self._schedule.next()
        while number is not None and self._is_settled(number):
            number = self._schedule.next()
        if number is None:
            return None
        known = self._history.trials.get(number)
        params = known.params if known else self._strategy.suggest(number, self._earlier(number))
        parent = self._parent(number)
        root = number if parent is None else root_of(parent, self._history.trials)
        decisions = self._decisions_about(number, params)
        return self._recorder.start(
            number,
            slot=slot,
            seed=trial_seed(self._config.optimization.seed, root),
            params=params,
            folder=self._folder.trial(number),
            decisions=decisions,
            pause=self._pause_point(number, parent),
            parent=parent,
        )

    def _parent(self, number: int) -> int | None:
        """Returns the trial from whose files a trial goes on, which are there when it starts; None: it begins anew."""
        if self._generations is None:
            return None
        known = self._history.trials.get(number)
        parent = known.parent if known else self._generations.parent(number, self._earlier(number))
        if parent is not None and (known is None or not known.curve):
            inherit_folder(self._folder.trial(parent), self._folder.trial(number))
        return parent

    def reported(self, report: Reported | Replicated) -> Decision:
        """Records a report and decide whether the trial goes on."""
        self._recorder.reported(report)
        decisions = self._decisions.get(report.trial)
        if decisions is None or (isinstance(report, Reported) and report.replicate is not None):
            return Decision.GO_ON
        value = report.metrics.get(self._config.optimization.target_metric)
        step = report.replicate if isinstance(report, Replicated) else report.step
        decision = Decision.GO_ON if value is None else decisions.decide(step, value)
        if decision is Decision.PAUSE and self._promoter is None:
            super().paused(report.key, 0.0)
        return decision

    def paused(self, key: TaskKey, seconds: float, saved: float | None = None) -> None:
        """Records that a trial waits at a rung, and what this decides."""
        if self._promoter is None and self._generations is None:
            super().paused(key, seconds)
        self._decisions.pop(key[0], None)
        self._rest(key, counted_steps(self._history.trials[key[0]], self._objectives)[-1], seconds, saved)
        self._decide_rungs()

    def _rest(self, key: TaskKey, step: int, seconds: float, saved: float | None = None) -> None:
        """Records that a trial waits at a rung, or is complete with its generation."""
        if self._generations is None:
            self._recorder.paused(key, step, seconds, saved)
            return
        self._recorder.ended_generation(key, step, seconds, saved)
        self._add_to_tables(key[0])
        self._schedule.ended()

    def ended(self, ended: Ended, seconds: float) -> None:
        """Records how an attempt ended: for good, or to be retried."""
        self._decisions.pop(ended.trial, None)
        if ended.state is TrialState.FAILED and self._is_settled(ended.trial, seconds):
            return
        if self._recorder.tries_again(ended):
            self._schedule.again(ended.trial)
            return
        self._recorder.ended(ended, seconds)
        self._add_to_tables(ended.trial)
        self._schedule.ended()
        self._first_trials.check(ended)
        self._decide_rungs()

    def returned(self, key: TaskKey, seconds: float, message: str) -> None:
        """Records that a trial was interrupted with its batch, and queues it to run alone."""
        del message
        self._decisions.pop(key[0], None)
        if self._is_settled(key[0], seconds):
            return
        self._recorder.returned(key)
        self._schedule.again(key[0])

    def interrupted(self, key: TaskKey, seconds: float) -> None:
        """Records that a trial was interrupted; it runs again when the sweep is resumed."""
        del seconds
        self._recorder.interrupted(key)

    def _decide_rungs(self) -> None:
        """Records the decisions about paused trials that can be made now."""
        if not isinstance(self._schedule, RungSchedule):
            return
        while decisions := self._schedule.decided():
            for decision in decisions:
                self._recorder.decided(decision)
                if not decision.promoted:
                    self._add_to_tables(decision.trial)
            self._schedule.ended()

    def _pause_point(self, number: int, parent: int | None) -> PausePoint | None:
        """Returns where the next attempt at a trial pauses; None: no trial of this sweep pauses."""
        if self._promoter is None and self._generations is None:
            return None
        return pause_of_heir(self._history.trials, number, parent, self._pause_after(number), self._objectives)

    def _pause_after(self, number: int) -> int | None:
        decides = self._generations.ends_after(number) if self._generations is not None else None
        return decides if self._promoter is None else self._promoter.pause_after(number, self._history.trials)

    def _is_settled(self, number: int, seconds: float = 0.0) -> bool:
        """Records the pause or the end of a trial whose process died after the report from which it follows."""
        trial = self._history.trials.get(number)
        if trial is None:
            return False
        step = reached_step(trial, self._pause_after(number), self._objectives)
        end = recorded_end(trial, self._decisions_about(number, trial.params), self._config)
        if step is None and end is None:
            return False
        if step is not None:
            self._rest((number, trial.attempt), step, seconds)
        elif end is not None:
            self.ended(end, seconds)
        self._decide_rungs()
        return True

    def _add_to_tables(self, number: int) -> None:
        trial = self._history.trials[number]
        self._table.add(trial, self._history.trials.values())
        add_replicates(self._folder.replicates, trial)

    def _decisions_about(self, number: int, params: Params) -> TrialDecisions | None:
        """Returns the decisions about a trial; they depend on the trials that its suggestion depended on."""
        if not self._strategy.needs_reports:
            return None
        known = self._history.trials.get(number)
        reported = dict(known.curve) if known else {}
        decisions = self._strategy.decisions(number, params, self._earlier(number), reported)
        if decisions is not None:
            self._decisions[number] = decisions
        return decisions

    def _earlier(self, number: int) -> Earlier:
        """Returns the results that decisions about a trial may depend on."""
        if not self._config.optimization.reproducible:
            return ended_by_now(number, self._history.trials)
        return earlier_than(number, self._strategy.needs(number), self._history.trials)

    def _outcome(self, finished: bool) -> Outcome:
        if not finished:
            return Outcome.INTERRUPTED
        return Outcome.TIME_IS_UP if self._time_is_up else self._schedule.stopped or Outcome.FINISHED

    def _abort(self, error: MorphogeneticError) -> None:
        """Records why the session ended, unless the journal itself failed: the error is raised in any case."""
        with suppress(SweepError, StoreError):
            self._record(events.SessionEnded(time.time(), Outcome.ABORTED, str(error)))

    def _write_tables(self) -> None:
        self._journal.check_in_place()
        trials = self._history.trials.values()
        self._table.write(trials)
        write_replicates(self._folder.replicates, trials)

    def _end(self, outcome: Outcome, dropped: int = 0) -> Outcome:
        late = f"late messages of ended trials that were dropped: {dropped}" if dropped else ""
        self._record(events.SessionEnded(time.time(), outcome, late))
        return outcome

    def _record(self, event: Event) -> None:
        self._journal.append(event)
        self._history.apply(event)
        for observer in self._observers:
            observer(event)
