"""The names that a sweep file may give to a strategy, a sampler and a pruner, and the rules of a sweep type.

Adding one is a file with its kind (`sweeps/kinds.py`) and a line here; an installed package adds its own as entry
points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from morphogenetic_engine.errors import did_you_mean
from morphogenetic_engine.registry import Registry

_SEARCH = "morphogenetic_engine.sweeps.search"

STRATEGIES = Registry(
    "sweep type",
    "morphogenetic_engine.strategies",
    {
        "grid": "morphogenetic_engine.sweeps.grid_search:GRID",
        "random": "morphogenetic_engine.sweeps.grid_search:RANDOM",
        "latin_hypercube": "morphogenetic_engine.sweeps.grid_search:LATIN_HYPERCUBE",
        "sobol": "morphogenetic_engine.sweeps.grid_search:SOBOL",
        "bayesian": f"{_SEARCH}.bayesian_search:BAYESIAN",
        "progressive": f"{_SEARCH}.progressive:PROGRESSIVE",
    },
)
SAMPLERS = Registry(
    "sampler",
    "morphogenetic_engine.samplers",
    {
        "TPE": f"{_SEARCH}.samplers.tpe:TPE",
        "CmaEs": f"{_SEARCH}.samplers.cma_es:CMA_ES",
        "Random": f"{_SEARCH}.samplers.random:RANDOM",
        "QMC": f"{_SEARCH}.samplers.qmc:QMC",
        "GP": f"{_SEARCH}.samplers.gp:GP",
        "NSGAII": f"{_SEARCH}.samplers.nsga2:NSGA2",
        "auto": f"{_SEARCH}.samplers.auto:AUTO",
    },
)
PRUNERS = Registry(
    "pruner",
    "morphogenetic_engine.pruners",
    {
        "MedianPruner": f"{_SEARCH}.pruners.median:MEDIAN",
        "SuccessiveHalvingPruner": f"{_SEARCH}.pruners.successive_halving:SUCCESSIVE_HALVING",
        "HyperbandPruner": f"{_SEARCH}.pruners.hyperband:HYPERBAND",
        "PercentilePruner": f"{_SEARCH}.pruners.median:PERCENTILE",
        "PatientPruner": f"{_SEARCH}.pruners.patient:PATIENT",
        "WilcoxonPruner": f"{_SEARCH}.pruners.wilcoxon:WILCOXON",
    },
)
AUTO_SAMPLER = "auto"
"""The sampler that chooses another one by rules."""
NO_PRUNER = "none"
"""The value of a sweep file for no pruner."""


@dataclass(frozen=True)
class RegisteredName:
    """Annotates a field that holds the name of a registered part."""

    registry: Registry
    others: tuple[str, ...] = ()
    """Words that the field takes besides."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that the field takes."""
        return (*self.registry.names, *self.others)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "enum": list(self.names)}

    def _checked(self, name: str) -> str:
        if name not in self.others and name not in self.registry:
            raise ValueError(
                f"must be one of {', '.join(self.names)}, but got {name!r}{did_you_mean(name, self.names)}"
            )
        return name


SweepTypeName = Annotated[str, RegisteredName(STRATEGIES)]
SamplerName = Annotated[str, RegisteredName(SAMPLERS)]
PrunerName = Annotated[str, RegisteredName(PRUNERS, (NO_PRUNER,))]


@dataclass(frozen=True, kw_only=True)
class SweepTypeRules:
    """The rules of a sweep type that the schema checks; a strategy's kind extends it."""

    counts_itself: bool = False
    """True if the number of trials follows from the space, so that `n_trials` may be left out."""
    default_trials: Callable[[int], int] | None = None
    """The number of trials for so many searched parameters, where `n_trials` is left out."""
    known_ahead: bool = False
    """True if every point depends on the configuration and the trial's number only."""
    distinct: bool = False
    """True if no point is tried twice, so that there are at most as many trials as points."""
    learns: bool = False
    """True if suggestions depend on results."""
    sized: bool = False
    """True if every point depends on the number of trials, so that more trials make another sweep."""
    sampler: bool = False
    """True if it searches with `optimization.sampler`."""
