"""Runs a confirmation on worker processes: what the journal has is done, the rest is run."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.confirm.confirmation import FreshRun, candidates, check_seed_is_free, fresh_runs
from morphogenetic_engine.sweeps.record.events import ConfirmationEnded, Outcome
from morphogenetic_engine.sweeps.record.folder import SweepFolder, SweepInfo
from morphogenetic_engine.sweeps.record.inputs import check_inputs
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run import workers
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from morphogenetic_engine.sweeps.run.schedule import tries_again
from morphogenetic_engine.sweeps.run.stop_signals import StopSignals
from morphogenetic_engine.sweeps.run.worker_group import Crew
from morphogenetic_engine.sweeps.run.workload_check import worker_setup

Observer = Callable[[ConfirmationEnded, int], None]
"""Is told each end right after the journal has it, and how many runs are still to end."""


def confirm_sweep(
    folder: SweepFolder,
    *,
    top: int,
    seeds: int,
    parallel: int | None = None,
    retry_failed: bool = False,
    observers: Iterable[Observer] = (),
) -> Outcome:
    """Run the `top` best configurations of a sweep and its baseline with `seeds` fresh seeds each.

    Returns FINISHED, or INTERRUPTED after a signal; the same call goes on then, as after any kill. More seeds or more
    configurations add to what is there.

    Raises:
        ConfigError: the sweep's parameters fix the seed, or the workload does not take the sweep.
        WorkloadError: the workload cannot be loaded.
        SweepError: no trial is complete, another process runs this sweep, an input has changed since it began, or the
            folder is damaged.
        StoreError: the folder cannot be written.
    """
    with Journal(folder.journal) as journal:
        result = read_result(folder, keep_curves=False)
        config = result.config
        where = f"sweep {folder.sweep_id}"
        check_seed_is_free(config, where)
        check_inputs(result.info.inputs, Path(result.info.working_directory), where)
        trials = candidates(result, top)
        runs = fresh_runs(trials, seeds, config.optimization.seed, retry_failed=retry_failed)
        if not runs:
            return Outcome.FINISHED
        confirmation = _ConfirmationRun(folder, result.info, journal, runs, observers)
        return confirmation.run(parallel or parallel_workers(config.execution))


@dataclass
class _Attempt:
    """A fresh run, and how often it was tried in vain."""

    run: FreshRun
    begun: float = 0.0
    crashes: int = 0
    exceptions: int = 0


class _ConfirmationRun:
    """One session of a confirmation."""

    def __init__(
        self,
        folder: SweepFolder,
        info: SweepInfo,
        journal: Journal,
        runs: Iterable[FreshRun],
        observers: Iterable[Observer],
    ) -> None:
        self._folder = folder
        self._info = info
        self._journal = journal
        self._waiting = deque(_Attempt(run) for run in runs)
        self._observers = tuple(observers)

    def run(self, parallel: int) -> Outcome:
        """Run until nothing is left, or a signal says stop."""
        info, log = self._info, self._folder.workers_log
        setup = worker_setup(info.config, Path(info.working_directory), log, parallel)
        with workers.WorkerPool(setup) as pool, StopSignals(pool.kill_all) as signals:
            pool.wake_on(signals.descriptor)
            crew: Crew[_Attempt] = Crew(pool, info.config, where=info.config_path, log=str(log), parallel=parallel)
            return self._loop(crew, signals)

    def _loop(self, crew: Crew[_Attempt], signals: StopSignals) -> Outcome:
        while self._waiting or crew.running:
            if signals.requested:
                self._interrupt(crew)
                return Outcome.INTERRUPTED
            crew.hire(len(self._waiting))
            self._hand_out(crew)
            for _, attempt, message in crew.listen():
                if isinstance(message, workers.Ended):
                    self._finish(attempt, message, running=len(crew.running))
        return Outcome.FINISHED

    def _hand_out(self, crew: Crew[_Attempt]) -> None:
        objectives = [objective.metric for objective in self._info.config.optimization.all_objectives]
        for worker in crew.idle():
            if not self._waiting:
                return
            attempt = self._waiting.popleft()
            attempt.begun = time.monotonic()
            trial, run = attempt.run.trial, attempt.run
            place = self._folder.confirmation(trial.number, run.index)
            crew.give(worker, attempt, workers.TrialTask(trial.number, run.seed, trial.params, place, objectives))

    def _finish(self, attempt: _Attempt, ended: workers.Ended, *, running: int) -> None:
        """Record how a run ended, or put it back to be tried again."""
        if tries_again(attempt, ended.reason, self._info.config.execution.retries):
            killed = ended.reason is FailureReason.KILLED
            attempt.crashes += killed
            attempt.exceptions += not killed
            self._waiting.appendleft(attempt)
            return
        event = ConfirmationEnded(
            time=time.time(),
            trial=attempt.run.trial.number,
            index=attempt.run.index,
            seed=attempt.run.seed,
            state=ended.state,
            duration=time.monotonic() - attempt.begun,
            metrics=ended.metrics,
            reason=ended.reason,
            message=ended.message,
        )
        self._journal.append(event)
        for observer in self._observers:
            observer(event, len(self._waiting) + running)

    def _interrupt(self, crew: Crew[_Attempt]) -> None:
        """Stop all workers; what they finished counts, the rest runs when the confirmation goes on."""
        for _, attempt, message in crew.dismiss():
            if isinstance(message, workers.Ended):
                self._finish(attempt, message, running=len(crew.running))
