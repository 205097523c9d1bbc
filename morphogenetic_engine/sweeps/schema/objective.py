"""The metrics that are optimised: their names, and whether larger or smaller values are better."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from morphogenetic_engine.metric_names import LONGEST, checked_metric_name
from morphogenetic_engine.sweeps.schema.parameters import Section

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
