"""The registry of report sections. The report shows them in this order, then those of installed packages."""

from __future__ import annotations

from functools import cache

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.registry import Registry
from morphogenetic_engine.reports.section import Report, Section

_HERE = "morphogenetic_engine.reports.sections"

SECTIONS = Registry(
    "section",
    "morphogenetic_engine.sections",
    {
        "findings": f"{_HERE}.outcome.findings:FINDINGS",
        "verdict": f"{_HERE}.outcome.verdict:VERDICT",
        "best": f"{_HERE}.outcome.best:BEST",
        "outcome_constraints": f"{_HERE}.outcome.outcome_constraints:CONSTRAINTS",
        "comparisons": f"{_HERE}.outcome.comparisons:COMPARISONS",
        "overtuning": f"{_HERE}.outcome.overtuning:OVERTUNING",
        "trend": f"{_HERE}.progress.objective_trend:TREND",
        "pareto": f"{_HERE}.progress.pareto:PARETO",
        "learning_curves": f"{_HERE}.progress.learning_curves:LEARNING_CURVES",
        "rungs": f"{_HERE}.progress.rungs:RUNGS",
        "population": f"{_HERE}.progress.population:POPULATION",
        "edges": f"{_HERE}.space.edges:EDGES",
        "interactions": f"{_HERE}.space.interactions:INTERACTIONS",
        "importance": f"{_HERE}.space.importance:IMPORTANCE",
        "slices": f"{_HERE}.space.slices:SLICES",
        "pairs": f"{_HERE}.space.pairs:PAIRS",
        "correlations": f"{_HERE}.space.correlations:CORRELATIONS",
        "parallel": f"{_HERE}.trials.parallel:PARALLEL",
        "trials": f"{_HERE}.trials.trial_table:TRIALS",
        "cost": f"{_HERE}.run.cost:COST",
        "timeline": f"{_HERE}.run.timeline:TIMELINE",
        "distribution": f"{_HERE}.run.distribution:DISTRIBUTION",
        "failures": f"{_HERE}.run.failures:FAILURES",
        "reproduction": f"{_HERE}.run.reproduction:REPRODUCTION",
    },
)


class _MissingSection(Section[object]):
    """Stands for a section of an installed package that cannot be loaded."""

    def __init__(self, name: str, error: ConfigError) -> None:
        self.name = name
        self._error = error

    def compute(self, report: Report) -> object:
        raise self._error


@cache
def all_sections() -> tuple[Section[object], ...]:
    """Returns the sections of every report; one of an installed package that cannot be loaded raises in `compute`.

    Raises:
        ConfigError: two sections have the same name.
    """
    return tuple(map(_section, SECTIONS.names))


def _section(name: str) -> Section[object]:
    try:
        section: Section[object] = SECTIONS.load(name, Section)
        own = getattr(section, "name", None)
        if own != name:
            raise ConfigError(f"section {name!r}: its name must be that of its entry point, but is {own!r}")
    except ConfigError as error:
        if SECTIONS.package_of(name) is None:
            raise
        return _MissingSection(name, error)
    return section
