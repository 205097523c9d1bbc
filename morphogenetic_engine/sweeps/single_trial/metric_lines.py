"""Metrics as lines that Katib's TEXT collector reads: a time, then one `name=value`, each line written through at once.

Katib takes the first word for the time when it is RFC 3339, keeps it to the microsecond, and sorts by it; so no two
lines have the same time. It reads names of letters, digits, `_` and `-` alone, so others are encoded. Source:
pkg/metricscollector/v1beta1 of kubeflow/katib.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TextIO

from morphogenetic_engine.metric_names import encoded
from morphogenetic_engine.sweeps.record.events import (
    Event,
    ReplicateEnded,
    TrialEnded,
    TrialPaused,
    TrialReported,
    TrialState,
)
from morphogenetic_engine.sweeps.single_trial.sent_curve import (
    CURVE_METRIC,
    MOST_DIGITS,
    STEPS_METRIC,
    SentCurve,
    curve_digits,
)

_log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
ALL_REPORTS = 8192
"""So many reports are all written, before which Katib's median stop compares a trial."""


def _now() -> datetime:
    return datetime.now(UTC)


class MetricLines:
    """Writes what a trial reports, and at its end its result, to a file.

    With replicates a line is a replicate's result, so that what decides about trials compares like with like.
    """

    def __init__(self, file: TextIO, clock: Clock = _now) -> None:
        self._file = file
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)

    def __call__(self, event: Event) -> None:
        """Takes an event of the trial."""
        match event:
            case TrialReported(metrics=metrics, replicate=None) | ReplicateEnded(metrics=metrics):
                self._write(metrics)
            case TrialEnded(state=TrialState.COMPLETE, metrics=metrics):
                self._write(metrics)

    def _write(self, metrics: Mapping[str, float]) -> None:
        self._file.writelines(f"{self._time()} {encoded(name)}={value!r}\n" for name, value in metrics.items())
        self._file.flush()

    def _time(self) -> str:
        self._last = max(self._clock(), self._last + timedelta(microseconds=1))
        return self._last.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class CollectorLines(MetricLines):
    """Writes the file that Katib's collector reads: the objective while the trial runs, all metrics at its end.

    Katib's pages show the best of a whole curve, in the direction of the objective, for every metric: one value of
    each secondary metric leaves them nothing to choose from. Its collector inserts all lines into the database at
    once, which takes no more than 16,383 of them, so reports are thinned where there are many."""

    def __init__(self, file: TextIO, recorded: Sequence[str], clock: Clock = _now) -> None:
        super().__init__(file, clock)
        self._objective, *self._others = recorded
        self._reports = 0
        self._written: float | None = None
        """The objective in the last line."""

    def __call__(self, event: Event) -> None:
        """Takes an event of the trial."""
        match event:
            case TrialReported(metrics=metrics, replicate=None) | ReplicateEnded(metrics=metrics):
                if self._objective in metrics:
                    self._report(metrics[self._objective])
            case TrialEnded(state=TrialState.COMPLETE, metrics=metrics):
                self._write({name: metrics[name] for name in (self._objective, *self._others) if name in metrics})
            case TrialEnded(state=TrialState.PRUNED, metrics=metrics) | TrialPaused(metrics=metrics):
                value = metrics.get(self._objective)
                left_out = {} if value is None or value == self._written else {self._objective: value}
                self._write(left_out | {name: metrics[name] for name in self._others if name in metrics})

    def _report(self, value: float) -> None:
        self._reports += 1
        if is_kept(self._reports):
            self._written = value
            self._write({self._objective: value})


class CurveLines(MetricLines):
    """Writes how a trial ended and all its reports of the objectives, as two metrics, at its end.

    A trial that stops or pauses itself has succeeded for Katib; these tell it from one that ran to its end.
    """

    def __init__(
        self,
        file: TextIO,
        objectives: Sequence[str],
        known: Mapping[int, Mapping[str, float]],
        clock: Clock = _now,
    ) -> None:
        """`known` are the reports of lower rungs."""
        super().__init__(file, clock)
        self._objectives = objectives
        self._curve = {step: dict(metrics) for step, metrics in known.items()}

    def __call__(self, event: Event) -> None:
        """Takes an event of the trial."""
        match event:
            case TrialReported(step=step, metrics=metrics, replicate=None):
                self._curve[step] = {**self._curve.get(step, {}), **metrics}
            case ReplicateEnded(replicate=step, metrics=metrics):
                self._curve[step] = dict(metrics)
            case TrialEnded(state=TrialState.COMPLETE | TrialState.PRUNED as state):
                self._send(state)
            case TrialPaused():
                self._send(TrialState.PAUSED)

    def _send(self, state: TrialState) -> None:
        digits = curve_digits(SentCurve(state, self._curve), self._objectives)
        if len(digits) > MOST_DIGITS:
            _log.warning(
                "%d reports are more than Katib's database keeps of a trial: they are left out, and other trials are"
                " not compared with them; report less often",
                len(self._curve),
            )
            digits = curve_digits(SentCurve(state, {}), self._objectives)
        self._file.write(f"{self._time()} {STEPS_METRIC}={len(self._curve)}\n{self._time()} {CURVE_METRIC}={digits}\n")
        self._file.flush()


def is_kept(report: int) -> bool:
    """Returns whether a report, counted from 1, is written: the first ALL_REPORTS are, then 256 of each doubling."""
    return report <= ALL_REPORTS or report % (1 << (report.bit_length() - 9)) == 0
