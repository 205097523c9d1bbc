"""The rows of trials that the monitor's page receives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from morphogenetic_engine.sweeps.record.events import TrialReported, TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.objective import OutcomeLimits, broken_limits
from morphogenetic_engine.trial import Value

_EXACT_IN_JAVASCRIPT = 2**53
_FIRST = ("number", "state", "attempt", "worker", "started", "duration", "step", "replicate", "reason", "ruled_out")
"""The first columns; one for each objective and each searched parameter follow."""


@dataclass(frozen=True)
class RowColumns:
    """The columns of a sweep's rows."""

    metrics: tuple[str, ...]
    parameters: tuple[str, ...]
    limits: OutcomeLimits = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [*_FIRST, *self.metrics, *self.parameters]

    def row(self, trial: TrialRecord, worker: int, last: TrialReported | None) -> list[object]:
        """Returns the row of a trial; `last` is its last report while it runs or rests."""
        running = trial.state is TrialState.RUNNING
        rests = trial.state in {TrialState.PAUSED, TrialState.PROMOTED}
        metrics: Mapping[str, float] = last.metrics if (running or rests) and last is not None else trial.metrics
        return [
            trial.number,
            trial.state.value,
            trial.attempt,
            worker,
            trial.started,
            None if running else trial.duration,
            last.step if last is not None else None,
            last.replicate if last is not None else None,
            trial.reason,
            trial.state is TrialState.COMPLETE and bool(broken_limits(self.limits, trial.metrics)),
            *(metrics.get(metric) for metric in self.metrics),
            *(in_javascript(trial.params.get(name)) for name in self.parameters),
        ]


def in_javascript(value: Value | None) -> Value | None:
    """Returns a value that JavaScript numbers represent exactly; a larger whole number as text."""
    if isinstance(value, int) and abs(value) > _EXACT_IN_JAVASCRIPT:
        return str(value)
    return value
