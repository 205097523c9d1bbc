"""The cost of a sweep in time and money, and the savings by pruning."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from morphogenetic_engine.reports.analysis.timeline import busy_seconds, most_together, timeline_of
from morphogenetic_engine.sweeps.record.attempts import Attempt
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.results import SweepResult

LEAST_SAVED = 0.05
"""Seconds: less is not worth telling."""


@dataclass(frozen=True)
class PruningSavings:
    """The estimated further cost of the pruned trials if each had run as long as the median complete trial."""

    trials: int
    """The number of pruned trials."""
    steps: int
    seconds: float
    """Worker-seconds, estimated from the median time of a complete trial; trials that run together share theirs."""
    share: float
    """The share of the steps that the sweep would have had without pruning."""


@dataclass(frozen=True)
class Together:
    """The number of trials that ran at once in one worker."""

    most: int
    average: float
    """The duration of all attempts over the time in which their workers were busy."""
    busy_seconds: float
    """That time, over all workers."""


@dataclass(frozen=True)
class Cost:
    """Time and money spent. A worker-second is a second of one worker: a core- or GPU-second where it has one."""

    wall_seconds: float
    """The duration of all sessions."""
    trial_seconds: float
    """The duration of all attempts, over all workers."""
    seconds_by_state: Mapping[str, float]
    """The duration of attempts by their end: complete, paused at a rung, pruned, failed, interrupted."""
    worker_seconds: float
    """The time of all workers, busy or idle."""
    utilisation: float | None
    """The share of the worker-seconds in which a trial ran; None: no time has passed."""
    confirmation_seconds: float
    """The duration of the runs of `sweep confirm`."""
    together: Together | None
    """None: each worker ran one trial after another."""
    fusing_saved: float | None
    """Worker-seconds that training together saved, estimated by epochs alone; None: nothing was measured."""
    steps: int
    """Steps (epochs) that all trials reported."""
    median_seconds: float | None
    """The median duration of a complete trial."""
    pruning: PruningSavings | None
    """None: no trial was pruned, or none was complete to compare with."""
    price: float | None
    """Worker-seconds times the price of a worker; None: no price is known."""


def cost_of(result: SweepResult, *, price_per_hour: float | None = None) -> Cost:
    """Returns the cost of a sweep; `price_per_hour` is that of one worker, in any currency."""
    by_state: dict[str, float] = {}
    for attempt in result.attempts:
        by_state[attempt.state.value] = by_state.get(attempt.state.value, 0.0) + _seconds(attempt)
    confirming = sum(run.duration for trial in result.trials for run in trial.confirmations.values())
    available = sum((span.ended - span.started) * span.max_parallel for span in result.spans)
    busy = busy_seconds(result)
    durations = [trial.duration for trial in result.complete]
    saved = [attempt.saved for attempt in result.attempts if attempt.saved is not None]
    together = _together(result, sum(by_state.values()), busy)
    return Cost(
        wall_seconds=sum(span.ended - span.started for span in result.spans),
        trial_seconds=sum(by_state.values()),
        seconds_by_state=by_state,
        worker_seconds=available,
        utilisation=min(1.0, busy / available) if available > 0 else None,
        confirmation_seconds=confirming,
        together=together,
        fusing_saved=sum(saved) if saved else None,
        steps=result.steps,
        median_seconds=statistics.median(durations) if durations else None,
        pruning=_savings(result, durations, together),
        price=None if price_per_hour is None else (available + confirming) / 3600 * price_per_hour,
    )


def _together(result: SweepResult, spent: float, busy: float) -> Together | None:
    most = most_together(timeline_of(result).bars)
    return Together(most, spent / busy, busy) if most > 1 and busy > 0 else None


def _seconds(attempt: Attempt) -> float:
    return 0.0 if attempt.ended is None else attempt.ended - attempt.started


def _savings(result: SweepResult, durations: list[float], together: Together | None) -> PruningSavings | None:
    pruned = [trial for trial in result.trials if trial.state is TrialState.PRUNED]
    if not pruned or not durations:
        return None
    steps = result.steps_saved_by_pruning
    typical = statistics.median(durations)
    shared = 1.0 if together is None else together.average
    seconds = sum(max(0.0, typical - trial.duration) for trial in pruned) / shared
    would_have = steps + result.steps
    return PruningSavings(len(pruned), steps, seconds, steps / would_have if would_have else 0.0)
