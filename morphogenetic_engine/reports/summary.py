"""All numbers of a sweep's report: those of every section, computed once for the page, the terminal and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from morphogenetic_engine.reports.analysis.configurations import Configuration
from morphogenetic_engine.reports.analysis.correlation import Correlations
from morphogenetic_engine.reports.analysis.cost import Cost
from morphogenetic_engine.reports.analysis.edges import EdgeWarning
from morphogenetic_engine.reports.analysis.failures import Failures
from morphogenetic_engine.reports.analysis.interactions import Interaction
from morphogenetic_engine.reports.analysis.objective_trend import Trend
from morphogenetic_engine.reports.analysis.overtuning import Overtuning
from morphogenetic_engine.reports.analysis.pareto import Pareto
from morphogenetic_engine.reports.analysis.slices import Slice
from morphogenetic_engine.reports.analysis.timeline import Timeline
from morphogenetic_engine.reports.analysis.verdict import BestVerdict
from morphogenetic_engine.reports.importance.importance import Importance, Method
from morphogenetic_engine.reports.section import Report, ReportOptions, Section, plain
from morphogenetic_engine.reports.sections.all_sections import all_sections
from morphogenetic_engine.reports.sections.outcome.best import BEST
from morphogenetic_engine.reports.sections.outcome.findings import FINDINGS
from morphogenetic_engine.reports.sections.outcome.overtuning import OVERTUNING
from morphogenetic_engine.reports.sections.outcome.verdict import VERDICT
from morphogenetic_engine.reports.sections.progress.objective_trend import TREND
from morphogenetic_engine.reports.sections.progress.pareto import PARETO
from morphogenetic_engine.reports.sections.run.cost import COST
from morphogenetic_engine.reports.sections.run.failures import FAILURES
from morphogenetic_engine.reports.sections.run.timeline import TIMELINE
from morphogenetic_engine.reports.sections.space.correlations import CORRELATIONS
from morphogenetic_engine.reports.sections.space.edges import EDGES
from morphogenetic_engine.reports.sections.space.importance import IMPORTANCE
from morphogenetic_engine.reports.sections.space.interactions import INTERACTIONS
from morphogenetic_engine.reports.sections.space.slices import SLICES
from morphogenetic_engine.sweeps.record.folder import SweepFolder
from morphogenetic_engine.sweeps.results import SweepResult, read_result

TOP = 10


class SweepSummary(Report):
    """The numbers of every section. `summary.of(SECTION)` returns those of a section.

    The properties are for callers that read numbers by name; a new section needs none.
    """

    def __init__(self, result: SweepResult, options: ReportOptions, sections: Sequence[Section[object]]) -> None:
        super().__init__(result, options)
        self.sections = tuple(sections)
        for section in self.sections:
            self.of(section)

    def to_dict(self) -> dict[str, object]:
        """Returns the numbers of all sections as plain values, for JSON."""
        known: Mapping[str, object] = {
            "identification": plain(self.identification),
            "objectives": plain(self.objectives),
            "parameters": self.parameters,
            "counts": dict(self.counts),
        }
        return {**known, **{each.name: plain(self.of(each)) for each in self.sections if each.in_json}}

    @property
    def findings(self) -> tuple[str, ...]:
        return self.of(FINDINGS)

    @property
    def best(self) -> tuple[Configuration, ...]:
        return self.of(BEST)

    @property
    def verdict(self) -> BestVerdict | None:
        return self.of(VERDICT)

    @property
    def overtuning(self) -> Overtuning | None:
        return self.of(OVERTUNING)

    @property
    def trend(self) -> Trend:
        return self.of(TREND)

    @property
    def importance(self) -> tuple[Importance, ...]:
        return self.of(IMPORTANCE)

    @property
    def correlations(self) -> Correlations:
        return self.of(CORRELATIONS)

    @property
    def interactions(self) -> tuple[Interaction, ...]:
        return self.of(INTERACTIONS)

    @property
    def slices(self) -> tuple[Slice, ...]:
        return self.of(SLICES)

    @property
    def edges(self) -> tuple[EdgeWarning, ...]:
        return self.of(EDGES)

    @property
    def failures(self) -> Failures:
        return self.of(FAILURES)

    @property
    def cost(self) -> Cost:
        return self.of(COST)

    @property
    def timeline(self) -> Timeline:
        return self.of(TIMELINE)

    @property
    def pareto(self) -> Pareto | None:
        return self.of(PARETO)


def summarize(
    result: SweepResult,
    *,
    top: int = TOP,
    methods: tuple[Method, ...] = ("PED-ANOVA", "fANOVA"),
    price_per_hour: float | None = None,
) -> SweepSummary:
    """Returns the summary of a sweep, finished or not; the same numbers every time.

    `price_per_hour` is that of one worker, in any currency; fANOVA is the one slow method.

    Raises:
        ConfigError: a section of an installed package cannot be loaded.
    """
    return SweepSummary(result, ReportOptions(top, methods, price_per_hour), all_sections())


@dataclass(frozen=True)
class ReportedSweep:
    """The folder of a sweep, and what is read from it when a format asks for it.

    The properties raise SweepError where a file is damaged or of a newer format, StoreError where it cannot be read.
    """

    folder: SweepFolder
    methods: tuple[Method, ...] = ("PED-ANOVA",)
    """Of importance; fANOVA takes seconds, and is left out unless it is asked for."""
    price_per_hour: float | None = None
    """The price of a worker per hour, in any currency."""

    @cached_property
    def result(self) -> SweepResult:
        return read_result(self.folder)

    @cached_property
    def summary(self) -> SweepSummary:
        return summarize(self.result, methods=self.methods, price_per_hour=self.price_per_hour)
