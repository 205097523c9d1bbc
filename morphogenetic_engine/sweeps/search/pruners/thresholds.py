"""The decisions of a pruner about one trial as data: fixed when the trial is suggested, they travel with it.

A trial that has its thresholds needs no answer to a report, wherever it runs. Worker processes import this file, so it
needs the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from morphogenetic_engine.sweeps.search.pruners.deciders import (
    CurveDecider,
    Decider,
    PatientDecider,
    RungDecider,
    StepDecider,
)


@dataclass(frozen=True)
class StepThresholds:
    """A trial stops at a step where the best that it reported so far is worse than the limit of the step."""

    maximize: bool
    limits: Mapping[int, float]
    """A trial is not stopped at other steps; without limits, at none."""
    warmup: int = 0
    interval: int = 1
    """It is compared once in so many steps, counted from `warmup`."""
    patience: int | None = None
    """It is compared only if it did not improve, by more than `min_delta`, for so many reports; None: always."""
    min_delta: float = 0.0
    kind: Literal["steps"] = "steps"

    def decider(self) -> Decider:
        """Returns the decisions about an attempt from its first report on."""
        compares = StepDecider(self.maximize, self.limits, self.warmup, self.interval)
        if self.patience is None:
            return compares
        return PatientDecider(compares, self.maximize, self.patience, self.min_delta)


@dataclass(frozen=True)
class RungThresholds:
    """A trial stops at a rung where its value is worse than the rung's limit; rung r is at step first * factor^r."""

    maximize: bool
    first: int
    factor: int
    limits: tuple[float, ...]
    beyond: float
    """The limit of higher rungs."""
    kind: Literal["rungs"] = "rungs"

    def decider(self) -> RungDecider:
        """Returns the decisions about an attempt from its first report on."""
        return RungDecider(self.maximize, self.first, self.factor, self.limits, self.beyond)


@dataclass(frozen=True)
class CurveThresholds:
    """A trial stops where Wilcoxon's test finds it worse than the best trial's curve."""

    maximize: bool
    best: Mapping[int, float]
    p_threshold: float
    startup: int
    kind: Literal["curve"] = "curve"

    def decider(self) -> Decider:
        """Returns the decisions about an attempt from its first report on."""
        return CurveDecider(self.maximize, self.best, self.p_threshold, self.startup)


Thresholds = StepThresholds | RungThresholds | CurveThresholds


def thresholds_json(thresholds: Thresholds) -> str:
    """Returns thresholds as JSON for a worker process of the same version, which `thresholds_of_json` reads."""
    return json.dumps(asdict(thresholds))


def thresholds_of_json(written: str) -> Thresholds:
    """Returns the thresholds that `thresholds_json` wrote; they are not checked."""
    members = json.loads(written)
    kind = members.pop("kind")
    if kind == "rungs":
        return RungThresholds(**{**members, "limits": tuple(members["limits"])})
    if kind == "curve":
        return CurveThresholds(**{**members, "best": _by_step(members["best"])})
    return StepThresholds(**{**members, "limits": _by_step(members["limits"])})


def _by_step(written: Mapping[str, float]) -> dict[int, float]:
    return {int(step): value for step, value in written.items()}
