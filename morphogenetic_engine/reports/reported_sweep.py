"""A sweep that is written in several formats: read and summarised once for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from morphogenetic_engine.reports.importance.importance import Method
from morphogenetic_engine.reports.summary import SweepSummary, summarize
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult, read_result


@dataclass(frozen=True)
class ReportedSweep:
    """The folder of a sweep, and what is read from it when a format asks for it.

    The properties raise SweepError where a file is damaged or of a newer format, StoreError where it cannot be read.
    """

    folder: SweepFolder
    methods: tuple[Method, ...] = ("PED-ANOVA",)
    """Of importance; fANOVA takes seconds, and is left out unless it is asked for."""
    price_per_hour: float | None = None
    """What a worker costs, in any currency."""

    @cached_property
    def result(self) -> SweepResult:
        return read_result(self.folder)

    @cached_property
    def summary(self) -> SweepSummary:
        return summarize(self.result, methods=self.methods, price_per_hour=self.price_per_hour)
