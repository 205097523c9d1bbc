"""The sweep type `bayesian`: a sampler learns from the results so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import SamplerKind, StrategyKind
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.search_names import SAMPLERS
from morphogenetic_engine.sweeps.search.fitting import check_sampler
from morphogenetic_engine.sweeps.strategy import Strategy

DEFAULT_SAMPLER = "TPE"
LEAST_TRIALS = 20
TRIALS_A_PARAMETER = 10


def sampler_name(config: SweepConfig) -> str:
    """Returns the name of the sampler of a bayesian sweep."""
    return config.optimization.sampler or DEFAULT_SAMPLER


def sampler_kind(config: SweepConfig) -> SamplerKind:
    """Returns the kind of the sampler of a bayesian sweep.

    Raises:
        ConfigError: it cannot be imported.
    """
    return SAMPLERS.load(sampler_name(config), SamplerKind)


def default_trials(parameters: int) -> int:
    """Returns the number of trials of a file without `n_trials`."""
    return max(LEAST_TRIALS, TRIALS_A_PARAMETER * parameters)


@dataclass(frozen=True, kw_only=True)
class _BayesianKind(StrategyKind):
    """Suggestions by the sampler that the sweep file names."""

    def make(self, config: SweepConfig, known: Sequence[TrialRecord]) -> Strategy:
        kind = sampler_kind(config)
        check_sampler(sampler_name(config), kind, config)
        return kind.make(config, known)

    def trials(self, config: SweepConfig) -> int:
        return sampler_kind(config).trials(config)

    def rule(self, config: SweepConfig) -> str | None:
        return sampler_kind(config).rule(config)


BAYESIAN = _BayesianKind(default_trials=default_trials, learns=True, sampler=True)
