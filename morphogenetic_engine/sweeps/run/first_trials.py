"""The check of a sweep's first trials: ends a sweep in which no trial can ever count."""

from __future__ import annotations

from morphogenetic_engine.errors import ConfigError, FailureReason
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.trials import History
from morphogenetic_engine.sweeps.run.messages import Ended

_FEWEST = 3


class FirstTrials:
    """Looks at the first trials that end: as many as there are workers, but at least three where there are so many.

    A single trial that gives no objective, or makes no report for the pruner, costs only itself.
    """

    def __init__(self, info: SweepInfo, history: History, *, total: int, workers: int, needs_reports: bool) -> None:
        """`total` is the number of trials; `needs_reports` tells whether decisions depend on their reports."""
        self._info = info
        self._history = history
        self._enough = min(total, max(workers, _FEWEST))
        self._needs_reports = needs_reports
        self._is_settled = False

    def check(self, ended: Ended) -> None:
        """Looks at one more trial that has ended.

        Raises:
            ConfigError: no trial so far gave its objective, or none made a report that the pruner needs.
        """
        if self._is_settled:
            return
        trials = [trial for trial in self._history.trials.values() if trial.state.final]
        counts = any(trial.state is not TrialState.FAILED for trial in trials)
        target = self._info.config.optimization.target_metric
        told = (metrics for trial in trials for metrics in trial.curve.values())
        reports = not self._needs_reports or any(target in metrics for metrics in told)
        self._is_settled = counts and reports
        if self._is_settled or len(trials) < self._enough:
            return
        where, optimization = self._info.config_path, self._info.config.optimization
        if not counts and ended.reason is FailureReason.MISSING_METRIC:
            raise ConfigError(f"{where}: {ended.missing_key}: {ended.message}")
        if counts and not reports:
            asks, instead = f"pruner: {optimization.pruner}", "use none"
            if optimization.strategy is not None:
                asks, instead = f"strategy: {optimization.strategy}", "leave it out"
            raise ConfigError(
                f"{where}: optimization.{asks} needs reports, but the first {len(trials)} trials made none"
                f"{f' with {target}' if any(trial.curve for trial in trials) else ''}; {instead}"
            )
