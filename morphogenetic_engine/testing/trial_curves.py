"""Simulated trials: learning curves and results computed from the parameters alone."""

from __future__ import annotations

import hashlib

from morphogenetic_engine.errors import FailureReason
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.trial import Params

STEPS = 6
FAILS = 5
"""Every trial of this number plus a multiple of eight fails, so that strategies see failures."""


def trial_curve(number: int, params: Params, config: SweepConfig) -> list[float]:
    """Returns the objective's values that a simulated trial reports, step by step."""
    height = sum(_height(name, params[name]) for name in config.space.axes if name in params)
    return [height * (1 - 0.5 ** (step + 1)) + 0.01 * ((number + step) % 3) for step in range(STEPS)]


def ended_trial(number: int, params: Params, config: SweepConfig, steps: int = STEPS) -> TrialRecord:
    """Returns a simulated trial that has ended after some steps: complete, failed, or pruned before its last step."""
    curve = trial_curve(number, params, config)[:steps]
    names = [objective.metric for objective in config.optimization.all_objectives]
    reports = {
        step: {name: value * (place + 1) for place, name in enumerate(names)} for step, value in enumerate(curve)
    }
    if number % 8 == FAILS:
        return TrialRecord(
            number, 0, params, TrialState.FAILED, FailureReason.EXCEPTION, "pretended", curve=dict(reports)
        )
    state = TrialState.COMPLETE if len(curve) == STEPS else TrialState.PRUNED
    return TrialRecord(number, 0, params, state, metrics=reports[len(curve) - 1], curve=dict(reports))


def _height(name: str, value: object) -> float:
    """Returns a hash of the value as a number from 0 to 1."""
    digest = hashlib.sha256(f"{name}={value!r}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
