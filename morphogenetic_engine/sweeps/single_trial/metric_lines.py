"""Metrics as lines that Katib's TEXT collector reads: a time, then one `name=value`, each line written through at once.

Katib takes the first word for the time when it is RFC 3339, keeps it to the microsecond, and sorts by it; so no two
lines have the same time. Source: pkg/metricscollector/v1beta1 of kubeflow/katib.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TextIO

from morphogenetic_engine.sweeps.record.events import Event, ReplicateEnded, TrialEnded, TrialReported, TrialState

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class MetricLines:
    """Writes what a trial reports, and at its end its result, to a file.

    With replicates a line is a replicate's result, so that what decides about trials compares like with like.
    """

    def __init__(self, *files: TextIO, clock: Clock = _now) -> None:
        self._files = files
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)

    def __call__(self, event: Event) -> None:
        """Take an event of the trial."""
        match event:
            case TrialReported(metrics=metrics, replicate=None) | ReplicateEnded(metrics=metrics):
                self._write(metrics)
            case TrialEnded(state=TrialState.COMPLETE, metrics=metrics):
                self._write(metrics)

    def _write(self, metrics: Mapping[str, float]) -> None:
        lines = [f"{self._time()} {name}={value!r}\n" for name, value in metrics.items()]
        for file in self._files:
            file.writelines(lines)
            file.flush()

    def _time(self) -> str:
        self._last = max(self._clock(), self._last + timedelta(microseconds=1))
        return self._last.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
