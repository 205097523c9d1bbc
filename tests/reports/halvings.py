"""Halvings without a run: trials that stopped at the rungs that the test determines."""

from __future__ import annotations

from collections.abc import Sequence

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Pause, TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from tests.reports.sweeps import sweep, trial

X = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}}
RUNGS = (2, 6, 18)


def halving(trials: Sequence[TrialRecord]) -> SweepResult:
    """Returns a halving with these trials."""
    return sweep(trials, X, strategy="halving", halving={"full": RUNGS[-1], "first_rung": RUNGS[0]})


def stopped(number: int, *values: float, complete: float | None = None, x: float = 0.5) -> TrialRecord:
    """Returns a trial with these values at its rungs, which ended at the last of them, or at its full length."""
    curve = [0.0] * (RUNGS[len(values) - 1] if complete is None else RUNGS[-1])
    for rung, value in enumerate(values):
        curve[RUNGS[rung] - 1] = value
    state = TrialState.PRUNED if complete is None else TrialState.COMPLETE
    found = trial(number, {"x": x, "y": 0.5}, complete, state=state, curve=curve)
    found.pauses = [Pause(RUNGS[rung] - 1, {"val_acc": value}, 1.0) for rung, value in enumerate(values)]
    return found
