"""The verdict of a regression test, metric by metric, and its file, from which histories are built."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from morphogenetic_engine.reports.regression.measurements import Measurements
from morphogenetic_engine.reports.regression.reference import Origin
from morphogenetic_engine.sweeps.schema.objective import Direction

FORMAT = 1


class Change(StrEnum):
    """The kind of change of a metric."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    UNCHANGED = "unchanged"
    """No change that is both larger than the tolerance and statistically significant."""
    NOT_COMPARED = "not compared"


class MetricVerdict(BaseModel):
    """One metric, tonight against the reference; numbers are None where it was not compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    direction: Direction
    change: Change
    reference: float | None = None
    """The mean of the reference's values."""
    tonight: float | None = None
    """The mean of this sweep's values."""
    worse_by: float | None = None
    """The change of the mean for the worse; negative: better."""
    interval: tuple[float, float] | None = None
    """The 95 % bootstrap interval of `worse_by`."""
    tolerance: float | None = None
    """The largest `worse_by` that is not a regression."""
    p_value: float | None = None
    """Of the rank-sum test, two-sided."""
    corrected_p: float | None = None
    """After Benjamini and Hochberg, over the metrics that were compared."""
    why: str = ""
    """The reason why it was not compared; empty where it was."""


class Verdict(BaseModel):
    """A comparison that can be repeated from this file alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    origin: Origin
    measurements: Measurements
    reference: Origin
    reference_measurements: Measurements
    metrics: tuple[MetricVerdict, ...]

    @property
    def regressions(self) -> list[MetricVerdict]:
        return [each for each in self.metrics if each.change is Change.REGRESSION]

    @property
    def compares_objectives(self) -> bool:
        """True if every objective was compared."""
        clocks = {each.metric for each in self.measurements.metrics if each.wall_clock}
        return all(each.change is not Change.NOT_COMPARED for each in self.metrics if each.metric not in clocks)
