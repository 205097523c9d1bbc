"""The protocol of a report section, and the report that sections compute their numbers for.

A section computes its numbers once and says how the page, the terminal and the notebook show them. The JSON of a report
has the numbers of each section under its name. An installed package adds a section by an entry point in the group
`morphogenetic_engine.sections` that names a `Section` object.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rich.console import Console, RenderableType

from morphogenetic_engine.reports.analysis.configurations import Configuration
from morphogenetic_engine.reports.analysis.identification import (
    Identification,
    ObjectiveName,
    identification_of,
    objective_names,
)
from morphogenetic_engine.reports.importance.importance import Method
from morphogenetic_engine.sweeps.results import SweepResult

if TYPE_CHECKING:
    from morphogenetic_engine.reports.drawing.charts import Figure

NumbersT = TypeVar("NumbersT")


class Chapter(StrEnum):
    """The chapters of the page, in their order; the values are the ids of their elements."""

    FINDINGS = "findings"
    BEST = "best"
    PROGRESS = "progress"
    SPACE = "space"
    TRIALS = "trials"
    RUN = "run"
    AGAIN = "again"


@dataclass(frozen=True)
class ReportOptions:
    """The options of a report."""

    top: int = 10
    """The number of best configurations that are listed."""
    methods: tuple[Method, ...] = ("PED-ANOVA", "fANOVA")
    """The methods of parameter importance; fANOVA takes seconds."""
    price_per_hour: float | None = None
    """The price of one worker, in any currency."""


@dataclass(frozen=True)
class PagePart:
    """A part of the page: a Jinja template of a package and its variables. Everything in them is escaped."""

    template: str
    """The path of the template below the package's folder `templates`."""
    values: Mapping[str, object]
    package: str = "morphogenetic_engine.reports.page"


@dataclass(frozen=True)
class TerminalPart:
    """A part of the terminal summary."""

    heading: str
    """Empty: the part stands directly below the sweep's name."""
    body: RenderableType


@dataclass(frozen=True)
class TerminalView:
    """The console and the options of a terminal summary."""

    console: Console
    room: int
    """The width of a part, in characters."""
    title: str = "Best configurations"
    chosen: Sequence[Configuration] | None = None
    """The trials that the user asked for, in their order; None: the best ones."""


@dataclass(frozen=True)
class NotebookCell:
    """A heading and a cell of Python code, in which `result` and `summary` are defined."""

    heading: str
    code: str


class Section(ABC, Generic[NumbersT]):
    """A part of the report. `compute` is required; each other method may show nothing."""

    # The methods that a section overrides show nothing by themselves.
    # pylint: disable=unused-argument,no-self-use

    name: str
    """Its key in the JSON of a report."""
    chapter: Chapter = Chapter.RUN
    in_json: bool = True
    """False: the section shows the numbers of others and has none of its own."""

    @abstractmethod
    def compute(self, report: Report) -> NumbersT:
        """Computes the numbers: frozen dataclasses, tuples, dictionaries and plain values, without side effects."""

    def page(self, numbers: NumbersT, report: Report, *, printed: bool) -> Sequence[PagePart]:
        """Returns the texts and tables of the page, which precede the figures; `printed`: tables must fit on paper."""
        return ()

    def figures(self, numbers: NumbersT, report: Report) -> Sequence[Figure]:
        """Returns the figures of the page and the notebook."""
        return ()

    def terminal(self, numbers: NumbersT, report: Report, view: TerminalView) -> Sequence[TerminalPart]:
        """Returns the parts of the terminal summary."""
        return ()

    def notebook(self, numbers: NumbersT, report: Report) -> Sequence[NotebookCell]:
        """Returns cells of the notebook, which precede the figures."""
        return ()


class ViewSection(Section[None]):
    """A section that shows the sweep itself and has no numbers of its own."""

    in_json = False

    def compute(self, report: Report) -> None:
        return None


class Report:
    """A sweep, and the numbers of its report: those of a section are computed once, when they are first asked for."""

    def __init__(self, result: SweepResult, options: ReportOptions) -> None:
        self.result = result
        self.options = options
        # The numbers of a section have the type that the section says; no type of the dictionary can.
        self._numbers: dict[str, Any] = {}

    def of(self, section: Section[NumbersT]) -> NumbersT:
        """Returns the numbers of a section."""
        if section.name not in self._numbers:
            self._numbers[section.name] = section.compute(self)
        numbers: NumbersT = self._numbers[section.name]
        return numbers

    @cached_property
    def identification(self) -> Identification:
        return identification_of(self.result)

    @cached_property
    def objectives(self) -> tuple[ObjectiveName, ...]:
        """The objectives; the first one is what tables sort by."""
        return objective_names(self.result)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The searched parameters, parents before their dependants."""
        return tuple(self.result.config.space.axes)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """The number of trials by state; states without a trial are left out."""
        return {state.value: count for state, count in self.result.counts.items() if count}


def plain(numbers: object) -> object:
    """Returns numbers with their dataclasses as dictionaries, for JSON."""
    if is_dataclass(numbers) and not isinstance(numbers, type):
        return asdict(numbers)
    if isinstance(numbers, Mapping):
        return {name: plain(value) for name, value in numbers.items()}
    if isinstance(numbers, list | tuple):
        return [plain(value) for value in numbers]
    return numbers
