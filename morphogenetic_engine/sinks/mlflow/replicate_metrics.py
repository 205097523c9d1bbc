"""The metrics of a trial's replicates: a curve for each of them, and their final metrics with the replicate as step.

A replicate that is complete is not run again when its trial is, so its rows move to the run of the next attempt.
"""

from __future__ import annotations

from morphogenetic_engine.sinks.mlflow.runs import MetricRow, metric_rows
from morphogenetic_engine.sweeps.record.events import ReplicateEnded, TrialReported


class ReplicateRows:
    """The rows of all replicates so far."""

    def __init__(self) -> None:
        self._running: dict[int, dict[int, list[MetricRow]]] = {}
        self._complete: dict[int, list[MetricRow]] = {}

    def restart(self, trial: int) -> list[MetricRow]:
        """Returns the initial rows of a new attempt of a trial."""
        self._running.pop(trial, None)
        return list(self._complete.get(trial, []))

    def report(self, event: TrialReported, replicate: int) -> list[MetricRow]:
        """Returns the rows of one step."""
        named = {f"replicate_{replicate}/{key}": value for key, value in event.metrics.items()}
        rows = metric_rows(named, event.time, event.step)
        self._running.setdefault(event.trial, {}).setdefault(replicate, []).extend(rows)
        return rows

    def end(self, event: ReplicateEnded) -> list[MetricRow]:
        """Returns the rows of a replicate's end."""
        rows = metric_rows(event.metrics, event.time, event.replicate)
        curve = self._running.get(event.trial, {}).pop(event.replicate, [])
        self._complete.setdefault(event.trial, []).extend([*curve, *rows])
        return rows

    def forget(self, trial: int) -> None:
        """Drops the rows of a trial that will not run again."""
        self._running.pop(trial, None)
        self._complete.pop(trial, None)
