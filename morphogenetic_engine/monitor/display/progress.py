"""The state of a running sweep for displays: counts, pace, each worker's trial, the best so far."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    Event,
    SessionStarted,
    TrialEnded,
    TrialInterrupted,
    TrialPaused,
    TrialPromoted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Params


@dataclass
class WorkerView:
    """A trial that a worker is running."""

    worker: int
    trial: int
    params: Params
    began: float
    step: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


class SweepProgress:  # pylint: disable=too-many-instance-attributes  # each is shown
    """The state shown by displays; an observer of the run loop."""

    def __init__(self, result: SweepResult, total: int) -> None:
        config: SweepConfig = result.config
        self.sweep_id = result.info.sweep_id
        self.folder = result.path
        self.sweep_type = config.sweep_type
        self.total = total
        self.target = config.optimization.target_metric
        self.counts = {state: result.counts[state] for state in TrialState if state.final}
        self.failures: dict[str, int] = {}
        for trial in result.trials:
            if trial.reason is not None:
                self.failures[trial.reason] = self.failures.get(trial.reason, 0) + 1
        self.retries = 0
        self.max_parallel = 0
        self.running: dict[int, WorkerView] = {}
        """The trials that run, by their numbers; a worker can run several."""
        self.paused = {trial.number for trial in result.trials if trial.state is TrialState.PAUSED}
        """The trials that wait at a rung."""
        self.params = {trial.number: trial.params for trial in result.trials if not trial.state.final}
        """The parameters of the trials that have begun and not ended."""
        self.ruled_out = len(result.ruled_out)
        """The complete trials that break outcome constraints."""
        self.best: tuple[int, float] | None = None
        self.best_params: Params = {}
        if result.best is not None:
            self.best = result.best.number, result.best.metrics[self.target]
            self.best_params = result.best.params
        self.space = config.space
        self._optimization = config.optimization
        self._begun = time.monotonic()
        self._ended_before = self.ended

    @property
    def ended(self) -> int:
        return sum(self.counts.values())

    @property
    def elapsed(self) -> float:
        """Seconds of this session."""
        return time.monotonic() - self._begun

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the pace of this session; None before the first trial has ended."""
        ended_now = self.ended - self._ended_before
        return self.elapsed / ended_now * (self.total - self.ended) if ended_now else None

    def __call__(self, event: Event) -> None:
        match event:
            case SessionStarted():
                self.max_parallel = event.max_parallel
            case TrialStarted():
                self.params[event.trial] = event.params
                self.running[event.trial] = WorkerView(event.worker, event.trial, event.params, time.monotonic())
            case TrialReported():
                view = self.running[event.trial]
                view.step, view.metrics = event.step, event.metrics
            case TrialEnded():
                self._take_end(event)
            case AttemptFailed():
                self.retries += 1
                self._leave(event.trial)
            case TrialInterrupted():
                self._leave(event.trial)
            case TrialPaused():
                self._leave(event.trial)
                self.paused.add(event.trial)
            case TrialPromoted():
                self.paused.discard(event.trial)

    def _take_end(self, event: TrialEnded) -> None:
        self._leave(event.trial)
        self.paused.discard(event.trial)
        params = self.params.pop(event.trial, None)
        self.counts[event.state] += 1
        if event.reason is not None:
            self.failures[event.reason] = self.failures.get(event.reason, 0) + 1
        value = event.metrics.get(self.target)
        if event.state is not TrialState.COMPLETE or value is None or params is None:
            return
        if not self._optimization.is_feasible(event.metrics):
            self.ruled_out += 1
        elif self.best is None or self._optimization.direction.better(value, self.best[1]):
            self.best, self.best_params = (event.trial, value), params

    def _leave(self, trial: int) -> None:
        self.running.pop(trial, None)
