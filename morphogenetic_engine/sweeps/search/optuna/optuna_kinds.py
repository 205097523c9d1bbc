"""Samplers and pruners of Optuna, described without importing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import PrunerKind, SamplerKind
from morphogenetic_engine.sweeps.record.trials import TrialRecord

if TYPE_CHECKING:
    from morphogenetic_engine.sweeps.search.optuna.optuna_pruner import OptunaPruner
    from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaStrategy

# Importing Optuna takes a third of a second, so only sweeps that use it import it.
# pylint: disable=import-outside-toplevel


@dataclass(frozen=True, kw_only=True)
class OptunaSampler(SamplerKind):
    """A sampler of Optuna, and the settings that make its suggestions depend on the trial alone."""

    library_name: str
    """The class in optuna.samplers."""
    packages: tuple[str, ...] = ("optuna",)
    given_with_conditions: Mapping[str, object] = field(default_factory=dict)
    """Additional options for spaces with conditions."""
    transfers: bool = False
    """It learns its first distribution from the trials before it (Nomura et al., AAAI 2021)."""
    fresh: bool = False
    """It remembers its last suggestion, so each suggestion gets a new one."""
    replayed: bool = False
    """It stores attributes on the trials that it suggested, so a resumed sweep replays all suggestions."""
    reseeded: bool = True
    """Each suggestion has a seed of its own; otherwise one seed serves for the whole sequence."""
    retries: int = 32
    """The number of times that it is asked again for a suggestion that keeps the constraints."""

    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> OptunaStrategy:
        from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaStrategy

        return OptunaStrategy(config, known=known)


@dataclass(frozen=True, kw_only=True)
class OptunaPrunerKind(PrunerKind):
    """A pruner of Optuna."""

    library_name: str
    """The class in optuna.pruners."""
    packages: tuple[str, ...] = ("optuna",)
    wraps: str | None = None
    """The pruner that it delays, also of optuna.pruners."""

    def make(self, config: SweepConfig) -> OptunaPruner:
        from morphogenetic_engine.sweeps.search.optuna.optuna_pruner import OptunaPruner

        return OptunaPruner(config)
