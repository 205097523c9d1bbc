"""Kinds of strategies, samplers and pruners: their properties, available without importing their library.

A kind is the object that a registry (`schema/search_names.py`) names: the checks of a sweep file, `sweep check`, the
Katib mapping and the run loop derive from it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.record.sweep_info import SweepInfo
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.search_names import STRATEGIES, SweepTypeRules
from morphogenetic_engine.sweeps.strategy import Pruner, Strategy


@dataclass(frozen=True)
class KatibAlgorithm:
    """The algorithm of Katib that runs a search."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    """Katib's setting for each option that has one."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Settings that are always passed."""
    seeded: bool = True
    """True if it accepts the sweep's seed (`random_state`)."""
    notes: tuple[str, ...] = ()
    """The differences to the local search."""
    least_ranges: int = 0
    """The least number of ranges."""


@dataclass(frozen=True)
class KatibSetting:
    """A setting of Katib's early stopping, computed from an option of the pruner: max(least, option + offset)."""

    option: str
    default: int
    offset: int = 0
    least: int = 0


@dataclass(frozen=True)
class KatibStopping:
    """Katib's early-stopping algorithm that corresponds to a pruner."""

    name: str
    first: str
    """The setting for the number of trials that must succeed before one is stopped."""
    report: str
    """The setting for the report at which a trial is compared."""
    settings: Mapping[str, KatibSetting]
    note: str
    """The differences of its decisions, with the settings' values in braces."""


@dataclass(frozen=True, kw_only=True)
class SearchKind(ABC):
    """The part that sweep types and samplers share: each builds a strategy."""

    # pylint: disable=no-self-use  # kinds override these methods

    @abstractmethod
    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> Strategy:
        """Builds the strategy of a sweep; `known` are the results that a warm start gives it."""

    def trials(self, config: SweepConfig) -> int:
        """Returns the number of trials of a sweep that nothing stops early."""
        assert config.n_trials is not None, "the schema requires n_trials of searches that do not count themselves"
        return config.n_trials

    def rule(self, config: SweepConfig) -> str | None:  # pylint: disable=unused-argument
        """Returns the reason for an automatic choice of the search; None: there is no such choice."""
        return None


@dataclass(frozen=True, kw_only=True)
class StrategyKind(SweepTypeRules, SearchKind):  # pylint: disable=abstract-method  # of kinds that build one
    """A sweep type."""

    katib: KatibAlgorithm | None = None
    """None: Katib has no such algorithm; points fixed in advance still run there, as a grid over trial numbers."""


@dataclass(frozen=True)
class SingleSearch:
    """The search that replaces a sampler on systems where one algorithm suggests all trials of a sweep."""

    sampler: str | None
    """None: every point of the space, once."""
    reason: str
    """In one line."""


@dataclass(frozen=True, kw_only=True)
class SamplerKind(SearchKind):  # pylint: disable=abstract-method
    """A sampler of a bayesian sweep."""

    options: Mapping[str, type] = field(default_factory=dict)
    """The allowed `sampler_options`, with the types of the values."""
    given: Mapping[str, object] = field(default_factory=dict)
    """Options that are set unless the sweep file sets them."""
    categorical: bool = True
    """True if it supports choices."""
    conditional: bool = True
    """True if it supports parameters with conditions."""
    probabilities: bool = True
    """True if its random draws can follow the probabilities of choices."""
    several_objectives: bool = True
    outcome_constraints: bool = False
    """True if outcome constraints steer it, or if no result does."""
    least_axes: int = 1
    """The least number of searched parameters."""
    packages: tuple[str, ...] = ()
    """Packages that it needs."""
    extras: str = "bayesian"
    """The extras of this package that install them."""
    katib: KatibAlgorithm | None = None
    """None: Katib has no such algorithm."""
    katib_one_at_a_time: KatibAlgorithm | None = None
    """The algorithm to use when one trial runs at a time, if it differs."""

    def single_search(self, config: SweepConfig) -> SingleSearch | None:  # pylint: disable=unused-argument,no-self-use
        """Returns the replacement of a sampler that combines several searches; None: it is one search itself."""
        return None


@dataclass(frozen=True, kw_only=True)
class PrunerKind(ABC):
    """A pruner, which works with every strategy."""

    options: Mapping[str, type] = field(default_factory=dict)
    """The allowed `pruner_options`, with the types of the values."""
    given: Mapping[str, object] = field(default_factory=dict)
    """Options that are set unless the sweep file sets them."""
    several_objectives: bool = False
    packages: tuple[str, ...] = ()
    """Packages that it needs."""
    extras: str = "bayesian"
    """The extras of this package that install them."""
    katib: KatibStopping | None = None
    """None: Katib has no counterpart, and every trial runs to its end there."""

    @abstractmethod
    def make(self, config: SweepConfig) -> Pruner:
        """Builds the pruner of a sweep."""


def strategy_kind(config: SweepConfig) -> StrategyKind:
    """Returns the kind of a sweep's strategy."""
    return STRATEGIES.load(config.sweep_type, StrategyKind)


def total_trials(config: SweepConfig) -> int:
    """Returns the number of trials of a sweep that nothing stops early, without building its sampler."""
    return strategy_kind(config).trials(config)


def recorded_trials(info: SweepInfo) -> int:
    """Returns the number of trials that `sweep.json` records, computed for sweeps of earlier versions."""
    return total_trials(info.config) if info.trials is None else info.trials
