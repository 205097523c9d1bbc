"""Runs a confirmation: re-evaluations that have ended in the journal are done, the rest is run."""

from __future__ import annotations

import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from morphogenetic_engine.errors import FailureReason, StoreError
from morphogenetic_engine.sweeps.confirm.confirmation import FreshRun, candidates, check_seed_is_free, fresh_runs
from morphogenetic_engine.sweeps.confirm.training_stages import TrainingStage, stages_of
from morphogenetic_engine.sweeps.record.events import ConfirmationEnded, Outcome, TrialState
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.record.inputs import check_inputs
from morphogenetic_engine.sweeps.record.journal import Journal
from morphogenetic_engine.sweeps.record.project_folder import project_folder
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.results import read_result
from morphogenetic_engine.sweeps.run.executor import ExecutorSetup
from morphogenetic_engine.sweeps.run.messages import Ended, Replicated, Reported, TaskKey, TrialTask
from morphogenetic_engine.sweeps.run.order.schedule import tries_again
from morphogenetic_engine.sweeps.run.resources import parallel_workers
from morphogenetic_engine.sweeps.run.session import Session, Work, open_executor
from morphogenetic_engine.sweeps.strategy import Decision
from morphogenetic_engine.trial import PARENT_FILE, Metrics

Observer = Callable[[ConfirmationEnded, int], None]
"""Called with each end right after the journal has it, and with the number of runs that are still to end."""


def confirm_sweep(
    folder: SweepFolder,
    *,
    top: int,
    seeds: int,
    parallel: int | None = None,
    retry_failed: bool = False,
    observers: Iterable[Observer] = (),
) -> Outcome:
    """Runs the `top` best configurations of a sweep and its baseline with `seeds` fresh seeds each.

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
        check_inputs(result.info.inputs, project_folder(result.info, folder), where)
        trials = candidates(result, top)
        runs = fresh_runs(trials, seeds, config.optimization.seed, retry_failed=retry_failed)
        if not runs:
            return Outcome.FINISHED
        evaluations = [_Evaluation(run, stages_of(run.trial, result)) for run in runs]
        work = _Confirmation(folder, result.info, journal, evaluations, observers)
        return _run(work, folder, result.info, parallel or parallel_workers(config.execution))


def _run(work: _Confirmation, folder: SweepFolder, info: SweepInfo, parallel: int) -> Outcome:
    setup = ExecutorSetup(info.config, info.config_path, project_folder(info, folder), folder.workers_log, parallel)
    with open_executor(setup) as (executor, signals):
        session = Session(executor, work, signals, limit=info.config.execution.timeout_per_trial)
        return Outcome.FINISHED if session.run() else Outcome.INTERRUPTED


@dataclass
class _Evaluation:
    """A re-evaluation run: how far it is, and its failed-attempt counts."""

    run: FreshRun
    stages: Sequence[TrainingStage]
    alone: bool = False
    """Its batch ended before it."""
    crashes: int = 0
    exceptions: int = 0
    place: int = 0
    """The stage that runs, or runs next."""
    last_step: int | None = None
    """The last step that counts; the next stage goes on after it."""
    last_report: Metrics = field(default_factory=dict)
    seconds: float = 0.0
    """Of the stages before."""

    @property
    def stage(self) -> TrainingStage:
        return self.stages[self.place]

    @property
    def is_last_stage(self) -> bool:
        return self.place == len(self.stages) - 1

    def go_on(self, seconds: float) -> None:
        """Goes over to the next stage."""
        self.place += 1
        self.seconds += seconds

    def begin_anew(self) -> None:
        """Goes back to the first stage."""
        self.place, self.last_step, self.last_report, self.seconds = 0, None, {}, 0.0


class _Confirmation(Work):
    """The work of a session that confirms: each task is one configuration with one fresh seed."""

    def __init__(
        self,
        folder: SweepFolder,
        info: SweepInfo,
        journal: Journal,
        evaluations: Iterable[_Evaluation],
        observers: Iterable[Observer],
    ) -> None:
        self._folder = folder
        self._config = info.config
        self._journal = journal
        self._objectives = [objective.metric for objective in info.config.optimization.all_objectives]
        self._waiting = deque(evaluations)
        self._running: dict[TaskKey, _Evaluation] = {}
        self._attempts: Counter[int] = Counter()
        self._observers = tuple(observers)

    @property
    def waiting(self) -> int:
        """The number of runs that are still to be started."""
        return len(self._waiting)

    def next(self, slot: int) -> TrialTask | None:
        """Starts the next run; runs of one trial are told apart by their attempts."""
        del slot
        if not self._waiting:
            return None
        evaluation = self._waiting.popleft()
        trial, run, stage = evaluation.run.trial, evaluation.run, evaluation.stage
        place = self._folder.confirmation(trial.number, run.index)
        _prepare(place, evaluation)
        task = TrialTask(
            trial=trial.number,
            attempt=self._attempts[trial.number],
            seed=run.seed,
            params=stage.params,
            dir=place,
            objectives=self._objectives,
            constrained=tuple(self._config.optimization.outcome_constraints),
            named=self._config.named_metrics,
            pause_after=stage.reports,
            reported_until=evaluation.last_step,
            alone=evaluation.alone or evaluation.crashes > 0,
        )
        self._attempts[trial.number] += 1
        self._running[task.key] = evaluation
        return task

    def reported(self, report: Reported | Replicated) -> Decision:
        """Notes how far a run is."""
        evaluation = self._running[report.key]
        if isinstance(report, Reported) and all(name in report.metrics for name in self._objectives):
            if evaluation.last_step is None or report.step > evaluation.last_step:
                evaluation.last_step, evaluation.last_report = report.step, report.metrics
        return Decision.GO_ON

    def paused(self, key: TaskKey, seconds: float, saved: float | None = None) -> None:
        """Queues the next stage of a run; after the last one, records its end with the metrics of its last report."""
        del saved  # of the search alone
        evaluation = self._running[key]
        if evaluation.is_last_stage:
            self.ended(Ended(*key, TrialState.COMPLETE, evaluation.last_report), seconds)
            return
        del self._running[key]
        evaluation.go_on(seconds)
        self._waiting.appendleft(evaluation)

    def ended(self, ended: Ended, seconds: float) -> None:
        """Records the end of a run, or queues it for a retry."""
        if ended.state is TrialState.COMPLETE and not self._running[ended.key].is_last_stage:
            self.paused(ended.key, seconds)  # the workload ended early, also in the search
            return
        evaluation = self._running.pop(ended.key)
        if tries_again(evaluation, ended.reason, self._config.execution.retries):
            killed = ended.reason is FailureReason.KILLED
            evaluation.crashes += killed
            evaluation.exceptions += not killed
            evaluation.begin_anew()
            self._waiting.appendleft(evaluation)
            return
        event = ConfirmationEnded(
            time=time.time(),
            trial=ended.trial,
            index=evaluation.run.index,
            seed=evaluation.run.seed,
            state=ended.state,
            duration=evaluation.seconds + seconds,
            metrics=ended.metrics,
            reason=ended.reason,
            message=ended.message,
        )
        self._journal.append(event)
        for observer in self._observers:
            observer(event, len(self._waiting) + len(self._running))

    def returned(self, key: TaskKey, seconds: float, message: str) -> None:
        """Queues a run whose batch ended before it; it runs alone."""
        del seconds, message
        evaluation = self._running.pop(key)
        evaluation.alone = True
        evaluation.begin_anew()
        self._waiting.appendleft(evaluation)

    def interrupted(self, key: TaskKey, seconds: float) -> None:
        """Records nothing: the run starts again when the confirmation is continued."""
        del seconds
        del self._running[key]


def _prepare(place: Path, evaluation: _Evaluation) -> None:
    """Makes the folder of a run fit its next stage.

    A schedule begins without the files of an attempt that was cut short, which are of another stage. Later stages find
    the trial that trained the files before, as in the search: a workload may go on from them with other parameters.

    Raises:
        StoreError: the folder cannot be written.
    """
    if len(evaluation.stages) == 1 and evaluation.stage.reports is None:
        return
    try:
        if evaluation.place == 0:
            if place.exists():
                shutil.rmtree(place)
        else:
            before = evaluation.stages[evaluation.place - 1].trial
            (place / PARENT_FILE).write_text(str(before), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{place}: cannot be written: {error.strerror}") from error
