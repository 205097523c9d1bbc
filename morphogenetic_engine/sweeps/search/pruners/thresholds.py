"""The decisions of a pruner about one trial as data: fixed when the trial is suggested, they can travel with it.

A trial that has its thresholds needs no answer to a report, wherever it runs. `thresholds_text` writes them as a short
text without quotes, dollars or backslashes, which any system passes on as it is.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Literal, Protocol, runtime_checkable

from pydantic import Field, TypeAdapter, ValidationError

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.search.pruners.deciders import (
    CurveDecider,
    Decider,
    PatientDecider,
    RungDecider,
    StepDecider,
)
from morphogenetic_engine.sweeps.strategy import Decision, Reports, TrialDecisions


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
_ANY: TypeAdapter[Thresholds] = TypeAdapter(Annotated[Thresholds, Field(discriminator="kind")])


@runtime_checkable
class HasThresholds(TrialDecisions, Protocol):
    """Decisions that can be sent with the trial."""

    @property
    def thresholds(self) -> Thresholds | None:
        """None: the pruner has decisions only where the sweep runs."""

    @property
    def reported(self) -> Mapping[int, float]:
        """The reports of earlier attempts, on which the decisions depend too."""


class FixedDecisions:
    """The decisions about one attempt; `reported` are the reports of an earlier attempt, which it may not repeat."""

    def __init__(self, thresholds: Thresholds, reported: Mapping[int, float] | None = None) -> None:
        self.thresholds: Thresholds = thresholds
        self.reported = dict(reported or {})
        self._decider = thresholds.decider()
        self._before = dict(self.reported)

    def decide(self, step: int, value: float) -> Decision:
        """Takes a report and returns whether the trial goes on."""
        # The last report may already have stopped the trial, in a process that was killed before it recorded this.
        stopped = [self._decider.stops(before, reported) for before, reported in self._before.items() if before < step]
        self._before.clear()
        return Decision.STOP if self._decider.stops(step, value) or any(stopped) else Decision.GO_ON


def sent_thresholds(decisions: TrialDecisions | None) -> Thresholds | None:
    """Returns the thresholds that decisions consist of; None: there are none that could be sent."""
    return decisions.thresholds if isinstance(decisions, HasThresholds) else None


def values_of(reports: Reports, metric: str) -> dict[int, float]:
    """Returns the values of one metric, by step in ascending order."""
    return {step: metrics[metric] for step, metrics in sorted(reports.items()) if metric in metrics}


def thresholds_text(thresholds: Thresholds) -> str:
    """Returns thresholds as a text of letters, digits, `-`, `_` and `=`."""
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(asdict(thresholds)).encode())).decode()


def thresholds_of_text(written: str, where: str) -> Thresholds:
    """Returns the thresholds that `thresholds_text` wrote.

    Raises:
        ConfigError: the text is damaged, or of a later version.
    """
    try:
        return _ANY.validate_json(zlib.decompress(base64.urlsafe_b64decode(written)))
    except (binascii.Error, zlib.error, ValidationError, ValueError) as error:
        raise ConfigError(f"{where}: holds no thresholds of a pruner; it was cut or changed on its way") from error
