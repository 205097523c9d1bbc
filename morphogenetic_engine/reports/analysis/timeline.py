"""The timeline of the workers and their utilisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morphogenetic_engine.reports.stats.floats import Floats
from morphogenetic_engine.sweeps.results import SweepResult

BINS = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt at one trial, in seconds of running time: the pauses between sessions are left out."""

    trial: int
    attempt: int
    worker: int
    session: int
    start: float
    end: float
    state: str
    """running, complete, paused (at a rung), pruned, failed, or interrupted (without a result)."""


@dataclass(frozen=True)
class WorkerLoad:
    """The load of one worker."""

    worker: int
    attempts: int
    busy_seconds: float
    share: float
    """The share of the time of the sessions that had this worker."""


@dataclass(frozen=True)
class Timeline:
    """The attempts by worker, and how many workers were busy over time."""

    seconds: float
    """The running time of all sessions."""
    bars: Sequence[Bar]
    """In the order of their starts."""
    sessions: tuple[float, ...]
    """The start of each session, in seconds of running time."""
    workers: tuple[WorkerLoad, ...]
    busy: tuple[float, ...]
    """The mean number of busy workers in each of BINS equal parts of the running time; empty: no time has passed."""


def timeline_of(result: SweepResult) -> Timeline:
    """Returns the timeline of a sweep."""
    starts, total = _session_starts(result)
    bars = _bars(result, starts)
    return Timeline(total, bars, tuple(starts), _loads(result, bars), _busy(_occupied(bars), total))


def busy_seconds(result: SweepResult) -> float:
    """Returns the worker-seconds in which a trial ran."""
    starts, _ = _session_starts(result)
    return sum(end - start for _, start, end in _occupied(_bars(result, starts)))


def most_together(bars: Sequence[Bar]) -> int:
    """Returns the largest number of attempts that one worker ran at once."""
    # At equal times the end of one attempt comes before the start of the next.
    starts = [(each.worker, each.session, each.start, 1) for each in bars]
    ends = [(each.worker, each.session, each.end, -1) for each in bars]
    most, running = 0, 0
    for *_, change in sorted(starts + ends):
        running += change
        most = max(most, running)
    return most


def _session_starts(result: SweepResult) -> tuple[list[float], float]:
    starts, passed = [], 0.0
    for span in result.spans:
        starts.append(passed)
        passed += span.ended - span.started
    return starts, passed


def _bars(result: SweepResult, starts: Sequence[float]) -> list[Bar]:
    bars = []
    for each in result.attempts:
        if each.session >= len(starts):
            continue  # the journal has no session
        span = result.spans[each.session]
        offset = starts[each.session] - span.started
        end = span.ended if each.ended is None else each.ended
        bars.append(
            Bar(
                each.trial,
                each.attempt,
                each.worker,
                each.session,
                each.started + offset,
                end + offset,
                each.state.value,
            )
        )
    return bars


def _loads(result: SweepResult, bars: Sequence[Bar]) -> tuple[WorkerLoad, ...]:
    attempts: dict[int, int] = {}
    busy: dict[int, float] = {}
    for each in bars:
        attempts[each.worker] = attempts.get(each.worker, 0) + 1
    for worker, start, end in _occupied(bars):
        busy[worker] = busy.get(worker, 0.0) + end - start
    count = max([*(span.max_parallel for span in result.spans), *(worker + 1 for worker in attempts)], default=0)
    loads = []
    for worker in range(count):
        there = sum(span.ended - span.started for span in result.spans if worker < span.max_parallel)
        spent = busy.get(worker, 0.0)
        loads.append(WorkerLoad(worker, attempts.get(worker, 0), spent, min(1.0, spent / there) if there else 0.0))
    return tuple(loads)


def _occupied(bars: Sequence[Bar]) -> list[tuple[int, float, float]]:
    """Returns the spans (worker, start, end) in which a worker ran one trial or several together."""
    spans: list[tuple[int, float, float]] = []
    for each in sorted(bars, key=lambda bar: (bar.worker, bar.start)):
        if spans and spans[-1][0] == each.worker and each.start <= spans[-1][2]:
            spans[-1] = each.worker, spans[-1][1], max(spans[-1][2], each.end)
        else:
            spans.append((each.worker, each.start, each.end))
    return spans


def _busy(spans: Sequence[tuple[int, float, float]], total: float) -> tuple[float, ...]:
    if total <= 0:
        return ()
    edges = np.linspace(0, total, BINS + 1)
    # The worker-seconds before each edge: every span adds its part before the edge.
    starts = np.sort([start for _, start, _ in spans])
    ends = np.sort([end for _, _, end in spans])
    passed = _seconds_before(starts, edges) - _seconds_before(ends, edges)
    return tuple(float(value) for value in np.diff(passed) / (total / BINS))


def _seconds_before(sorted_times: Floats, edges: Floats) -> Floats:
    """Returns the sum of max(0, edge - time) over the times, for each edge."""
    count = np.searchsorted(sorted_times, edges, side="right")
    sums = np.concatenate([[0.0], np.cumsum(sorted_times)])
    seconds: Floats = count * edges - sums[count]
    return seconds
