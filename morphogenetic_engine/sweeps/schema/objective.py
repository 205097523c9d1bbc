"""The metrics that are optimised or limited: their names, whether larger or smaller is better, and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from morphogenetic_engine.metric_names import LONGEST, checked_metric_name
from morphogenetic_engine.sweeps.schema.parameters import Section, number

MetricName = Annotated[str, AfterValidator(checked_metric_name), Field(min_length=1, max_length=LONGEST)]


class Direction(StrEnum):
    """The direction: whether a larger or a smaller objective is better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"

    @property
    def sign(self) -> int:
        """1 or -1: of values times this number, the larger is better."""
        return 1 if self is Direction.MAXIMIZE else -1

    def better(self, one: float, other: float) -> bool:
        """Returns whether `one` is strictly better than `other`."""
        return one > other if self is Direction.MAXIMIZE else one < other


class Objective(Section):
    """A metric that is optimised."""

    metric: MetricName
    """A metric that the workload returns."""
    direction: Direction = Direction.MAXIMIZE
    """The direction: whether a larger or a smaller value is better."""


class OutcomeLimit(Section):
    """The limits of a metric: a trial whose metric lies outside of them is ruled out."""

    min: float | None = Field(default=None, allow_inf_nan=False)
    """The smallest value that is allowed."""
    max: float | None = Field(default=None, allow_inf_nan=False)
    """The largest value that is allowed."""

    _numbers = field_validator("min", "max", mode="before")(number)

    @model_validator(mode="after")
    def _has_an_order(self) -> OutcomeLimit:
        if self.min is None and self.max is None:
            raise ValueError("needs min or max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min: must be <= max, but got {self.min:g} and {self.max:g}")
        return self

    def excesses(self, value: float) -> dict[str, float]:
        """Returns how far a value is beyond each limit, in units of the limit; at most 0 where it keeps it."""
        found: dict[str, float] = {}
        if self.min is not None:
            found["min"] = (self.min - value) / (abs(self.min) or 1.0)
        if self.max is not None:
            found["max"] = (value - self.max) / (abs(self.max) or 1.0)
        return found

    def broken(self, value: float) -> str | None:
        """Returns the limit that a value breaks, such as `> 20`; None: it keeps them."""
        if self.min is not None and value < self.min:
            return f"< {self.min:g}"
        if self.max is not None and value > self.max:
            return f"> {self.max:g}"
        return None

    @property
    def shown(self) -> str:
        """The limits as a condition, such as `<= 20` or `0.5 to 1`."""
        if self.min is None:
            return f"<= {self.max:g}"
        return f">= {self.min:g}" if self.max is None else f"{self.min:g} to {self.max:g}"


def _limited(written: object) -> object:
    if not isinstance(written, dict):
        raise ValueError(f"must have min or max, such as {{max: 20}}, but got {written!r}")
    return written


_FARTHEST = 1e12
"""Larger excesses count as this, so that no sum or model of them overflows."""
OutcomeLimits = Mapping[str, OutcomeLimit]
"""The outcome constraints, by metric."""
WrittenLimit = Annotated[OutcomeLimit, BeforeValidator(_limited, json_schema_input_type=OutcomeLimit)]


def excesses_of(limits: OutcomeLimits, metrics: Mapping[str, float]) -> dict[str, float]:
    """Returns how far metrics are beyond each limit, in units of the limit; a metric that is not known counts as 0."""
    return {
        f"{metric} {side}": max(-_FARTHEST, min(excess, _FARTHEST)) if metric in metrics else 0.0
        for metric, limit in limits.items()
        for side, excess in limit.excesses(metrics.get(metric, 0.0)).items()
    }


def violation_of(limits: OutcomeLimits, metrics: Mapping[str, float]) -> float:
    """Returns the sum of what metrics are beyond the limits; 0: they keep all, as far as they are known."""
    return sum(max(0.0, excess) for excess in excesses_of(limits, metrics).values())


def broken_limits(limits: OutcomeLimits, metrics: Mapping[str, float]) -> dict[str, str]:
    """Returns the limits that metrics break, by metric, such as `latency_ms: 31 > 20`."""
    known = {metric: limit.broken(metrics[metric]) for metric, limit in limits.items() if metric in metrics}
    return {metric: f"{metrics[metric]:.6g} {broken}" for metric, broken in known.items() if broken is not None}


def broken_text(limits: OutcomeLimits, metrics: Mapping[str, float] | None) -> str:
    """Returns the limits that metrics break, to be added to a reason; empty: they keep all."""
    broken = broken_limits(limits, metrics or {})
    return f"; breaks {', '.join(f'{metric}: {found}' for metric, found in broken.items())}" if broken else ""
