"""Generates valid journals of every shape for Hypothesis."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.record.events import (
    AttemptFailed,
    ConfirmationEnded,
    Event,
    Outcome,
    SessionEnded,
    SessionStarted,
    TrialEnded,
    TrialInterrupted,
    TrialReported,
    TrialStarted,
    TrialState,
)
from morphogenetic_engine.sweeps.record.journal import chain_at

_numbers = st.floats(-10, 10, allow_nan=False)


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Draws a sweep's events: sessions, trials side by side, reports, failures, kills, confirmations."""
    events: list[Event] = [SessionStarted(1.0, 1, "here", "0", 2)]
    attempts: dict[int, int] = {}
    running: dict[int, int] = {}
    ended: set[int] = set()
    for moment in range(draw(st.integers(0, 40))):
        time = 2.0 + moment
        trial = draw(st.integers(0, 5))
        if trial in running:
            events.append(_next_of(draw, time, trial, attempts[trial], running))
            if isinstance(events[-1], TrialEnded):
                ended.add(trial)
        elif trial in ended:
            events.append(_confirmation(draw, time, trial, moment))
        elif draw(st.booleans()):
            attempts[trial] = attempts.get(trial, -1) + 1
            running[trial] = 0
            events.append(TrialStarted(time, trial, attempts[trial], trial % 2, 7, {"x": draw(_numbers)}))
        else:
            events += [SessionEnded(time, Outcome.INTERRUPTED), SessionStarted(time, 1, "here", "0", 2)]
    return events


def _next_of(draw: st.DrawFn, time: float, trial: int, attempt: int, running: dict[int, int]) -> Event:
    kind = draw(st.sampled_from(["report", "report", "restart", "end", "prune", "fail", "again", "interrupt"]))
    if kind in {"report", "restart"}:
        step = running[trial] if kind == "report" else draw(st.integers(0, running[trial]))
        running[trial] = step + 1
        return TrialReported(time, trial, attempt, step, {"val_acc": draw(_numbers)})
    del running[trial]
    match kind:
        case "end":
            return TrialEnded(time, trial, attempt, TrialState.COMPLETE, 1.0, {"val_acc": draw(_numbers)})
        case "prune":
            return TrialEnded(time, trial, attempt, TrialState.PRUNED, 1.0, {"val_acc": draw(_numbers)})
        case "fail":
            reason = draw(st.sampled_from(FailureReason))
            return TrialEnded(time, trial, attempt, TrialState.FAILED, 1.0, {}, reason, draw(st.text(max_size=5)))
        case "again":
            return AttemptFailed(time, trial, attempt, FailureReason.KILLED, "gone")
    return TrialInterrupted(time, trial, attempt)


def _confirmation(draw: st.DrawFn, time: float, trial: int, index: int) -> Event:
    return ConfirmationEnded(time, trial, index, 9, TrialState.COMPLETE, 1.0, {"val_acc": draw(_numbers)})


def written(events: list[Event], journal: Path) -> list[int]:
    """Appends events to a journal and returns the bytes at which they end."""
    ends = []
    with journal.open("a+b") as file:
        chain = chain_at(file.fileno(), journal.stat().st_size)
        for event in events:
            file.write(chain.line(event))
            ends.append(file.tell())
    return ends
