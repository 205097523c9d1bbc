"""Builds the monitor's view from the journal: a snapshot, or the changes since a byte offset.

The journal only grows, so a byte offset names a state of the sweep. A page sends its offset and receives
the trials, points and failures that changed after that byte, however long ago that was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from morphogenetic_engine.errors import FailureReason, SweepError
from morphogenetic_engine.monitor.curves import Curve, Point
from morphogenetic_engine.monitor.totals import Standing, Totals, TrialEvent
from morphogenetic_engine.monitor.trial_rows import RowColumns
from morphogenetic_engine.sweeps.kinds import recorded_trials
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    ConfirmationEnded,
    Event,
    ReplicateEnded,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialReported,
    TrialStarted,
)
from morphogenetic_engine.sweeps.record.origin import Origin
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.trials import History

FAILURES_SHOWN = 100
_LONGEST_MESSAGE = 500


@dataclass(slots=True)
class _Live:
    """The page's additional data about a trial, besides its record."""

    worker: int = 0
    changed: int = 0
    """The byte at which the last event of the trial ends."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """The byte ranges of the journal that hold the trial's attempts and confirmations."""
    curve: Curve | None = None
    """While it runs."""
    last: TrialReported | None = None


@dataclass(frozen=True)
class _Failure:
    offset: int
    entry: Mapping[str, object]


class SweepView:
    """The state of a sweep after some events; `apply` takes the next one."""

    def __init__(self, info: SweepInfo) -> None:
        self.history = History(keep_curves=False, identities=info.identities)
        self.offset = 0
        """The byte offset up to which the journal was applied."""
        self._live: dict[int, _Live] = {}
        self._workers: dict[int, int] = {}
        """The worker of each running trial."""
        self._order: dict[int, None] = {}
        """The trials, the one that changed last at the end."""
        self._totals = Totals()
        self._failures: deque[_Failure] = deque(maxlen=FAILURES_SHOWN)
        self.use(info)

    def use(self, info: SweepInfo) -> None:
        """Sets the sweep's configuration; a resumed sweep may have more trials than before."""
        self._info = info
        self._total = recorded_trials(info)
        self._objectives = info.config.optimization.all_objectives
        self._limits = info.config.optimization.outcome_constraints
        self._columns = RowColumns(
            tuple(each.metric for each in self._objectives), tuple(info.config.space.axes), self._limits
        )

    @property
    def origin(self) -> Origin | None:
        """The system that the sweep is collected from; None: it runs on this machine."""
        return self._info.origin

    def apply(self, event: Event, end: int) -> None:
        """Applies the next event, which ends at a byte offset of the journal.

        Raises:
            SweepError: the event is of a trial that never started.
        """
        begin = self.offset
        number = None if isinstance(event, SessionStarted | SessionEnded) else event.trial
        before = self._standing(number)
        try:
            self.history.apply(event)
            after = self._standing(number, must_be_there=True)
        except KeyError as error:
            raise SweepError(f"trial {error} has a {event.kind}, but never started") from error
        self.offset = end
        if isinstance(event, SessionStarted):
            self._totals.begin_session()
        elif not isinstance(event, SessionEnded):
            self._take(event, begin)
            self._totals.count(event, before, after)
            self._totals.rank(self.history.trials[event.trial], self._objectives[0], self._limits)

    @property
    def session(self) -> SessionStarted | None:
        return self.history.sessions[-1] if self.history.sessions else None

    def spans(self, number: int) -> list[tuple[int, int]]:
        """Returns the bytes of the journal between which all events of a trial are; none: there is no such trial."""
        return self._live[number].spans if number in self._live else []

    def header(self) -> dict[str, object]:
        """Returns the constant part of the page: names, columns, objectives."""
        config = self._info.config
        return {
            "sweep_id": self._info.sweep_id,
            "sweep_type": config.sweep_type,
            "created": self._info.created,
            "workload": config.workload.description,
            "objectives": [{"metric": each.metric, "direction": each.direction.value} for each in self._objectives],
            "parameters": self._columns.parameters,
            "columns": self._columns.names,
            "replicates": config.experiment.replicates,
        }

    def summary(self) -> dict[str, object]:
        """Returns the numbers at the top of the page."""
        session, totals = self.session, self._totals
        return {
            "total": self._total,
            "counts": {state.value: count for state, count in totals.counts.items()},
            "ended_before": totals.ended_before,
            "retries": totals.retries,
            "confirmations": totals.confirmations,
            "reasons": {reason.value: count for reason, count in totals.reasons.items() if count},
            "seconds": self.history.seconds,
            "session_started": session.time if session else None,
            "workers": session.max_parallel if session else 0,
            "busy": len(set(self._workers.values())),
            "host": session.host if session else "",
            "fusing_saved": totals.fusing_saved,
            "ruled_out": len(totals.ruled_out),
            "best": totals.best.number if totals.best else None,
        }

    def changes(self, since: int) -> dict[str, object]:
        """Returns the changes after a byte of the journal: rows, points of running trials, failures."""
        rows: list[list[object]] = []
        curves: dict[str, list[tuple[int, Mapping[str, float]]]] = {}
        for number in reversed(self._order):
            live = self._live[number]
            if live.changed <= since:
                break
            rows.append(self._columns.row(self.history.trials[number], live.worker, live.last))
            points = live.curve.since(since) if live.curve else []
            if points:
                curves[str(number)] = [(point.step, point.metrics) for point in points]
        failures = [failure.entry for failure in self._failures if failure.offset > since]
        return {"summary": self.summary(), "rows": rows[::-1], "curves": curves, "failures": failures}

    def _standing(self, number: int | None, *, must_be_there: bool = False) -> Standing:
        if number is None or not (must_be_there or number in self.history.trials):
            return Standing(None, None)
        trial = self.history.trials[number]
        return Standing(trial.state, trial.reason)

    def _take(self, event: TrialEvent, begin: int) -> None:
        """Updates what the page shows about the event's trial."""
        live = self._live.setdefault(event.trial, _Live())
        live.changed = self.offset
        self._order.pop(event.trial, None)
        self._order[event.trial] = None
        match event:
            case TrialStarted():
                live.worker, live.last, live.curve = event.worker, None, Curve()
                live.spans.append((begin, self.offset))
                self._workers[event.trial] = event.worker
                return
            case ConfirmationEnded():
                live.spans.append((begin, self.offset))
                return
            case TrialReported():
                self._take_report(live, event)
            case AttemptFailed() | TrialEnded(reason=FailureReason()):
                self._take_failure(event)
        if not isinstance(event, TrialReported | ReplicateEnded):
            live.curve = None
            self._workers.pop(event.trial, None)
        live.spans[-1] = live.spans[-1][0], self.offset

    def _take_report(self, live: _Live, event: TrialReported) -> None:
        live.last = event
        if live.curve is not None:
            live.curve.add(Point(event.step, event.metrics, self.offset))

    def _take_failure(self, event: AttemptFailed | TrialEnded) -> None:
        entry = {
            "offset": self.offset,
            "time": event.time,
            "trial": event.trial,
            "attempt": event.attempt,
            "reason": event.reason,
            "message": event.message[:_LONGEST_MESSAGE],
            "again": isinstance(event, AttemptFailed),
        }
        self._failures.append(_Failure(self.offset, entry))
