"""All numbers of a sweep's report: those of every section, computed once for the page, the terminal and JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import orjson

from morphogenetic_engine.errors import MorphogeneticError, error_line, error_place
from morphogenetic_engine.reports.analysis.configurations import Configuration
from morphogenetic_engine.reports.analysis.correlation import Correlations
from morphogenetic_engine.reports.analysis.cost import Cost
from morphogenetic_engine.reports.analysis.edges import EdgeWarning
from morphogenetic_engine.reports.analysis.failed.failures import Failures
from morphogenetic_engine.reports.analysis.interactions import Interaction
from morphogenetic_engine.reports.analysis.objective_trend import Trend
from morphogenetic_engine.reports.analysis.overtuning import Overtuning
from morphogenetic_engine.reports.analysis.pareto import Pareto
from morphogenetic_engine.reports.analysis.slices import Slice
from morphogenetic_engine.reports.analysis.timeline import Timeline
from morphogenetic_engine.reports.analysis.verdict import BestVerdict
from morphogenetic_engine.reports.importance.importance import Importance, Method
from morphogenetic_engine.reports.section import Report, ReportOptions, Section, plain
from morphogenetic_engine.reports.sections.all_sections import SECTIONS, all_sections
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


_log = logging.getLogger(__name__)
_ShownT = TypeVar("_ShownT")


class SweepSummary(Report):
    """The numbers of every section. `summary.of(SECTION)` returns those of a section.

    The properties are for callers that read numbers by name; a new section needs none.
    """

    def __init__(self, result: SweepResult, options: ReportOptions, sections: Sequence[Section[object]]) -> None:
        super().__init__(result, options)
        self.sections = tuple(sections)
        self.failed_sections: dict[str, str] = {}
        """The sections of installed packages that failed, and one line about each."""
        for section in self.sections:
            self.show(section, lambda numbers: None, lambda failure: None)

    def show(
        self, section: Section[object], shown: Callable[[Any], _ShownT], failed: Callable[[str], _ShownT]
    ) -> _ShownT:
        """Returns what `shown` makes of a section's numbers, or what `failed` makes of the line about its failure.

        Only a section of an installed package may fail: the rest of the report is shown nevertheless. An exception in
        a section of this package is an error of ours and passes through.
        """
        if section.name not in self.failed_sections:
            try:
                return shown(self.of(section))
            except Exception as error:  # pylint: disable=broad-exception-caught  # a third party's code runs here
                package = SECTIONS.package_of(section.name)
                if package is None:
                    raise
                self._fail(section.name, package, error)
        return failed(self.failed_sections[section.name])

    def _fail(self, name: str, package: str, error: Exception) -> None:
        what = str(error) if isinstance(error, MorphogeneticError) else error_line(error) + error_place(error)
        self.failed_sections[name] = f"the section {name} of the package {package} failed: {what}"
        _log.warning("warning: %s", self.failed_sections[name])
        _log.debug("the traceback of section %s", name, exc_info=error)

    def to_dict(self) -> dict[str, object]:
        """Returns the numbers of all sections as plain values, for JSON; a section that failed has a line `failed`."""
        known: Mapping[str, object] = {
            "identification": plain(self.identification),
            "objectives": plain(self.objectives),
            "parameters": self.parameters,
            "counts": dict(self.counts),
        }
        sections = [each for each in self.sections if each.in_json or each.name in self.failed_sections]
        return {**known, **{each.name: self.show(each, _jsonable, _failed_json) for each in sections}}

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


def _jsonable(numbers: object) -> object:
    values = plain(numbers)
    orjson.dumps(values, option=orjson.OPT_NON_STR_KEYS)  # raises where a value has no JSON
    return values


def _failed_json(failure: str) -> object:
    return {"failed": failure}


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
        ConfigError: two installed packages have a section of the same name.
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
