"""From a configuration to its way to search."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig, SweepType
from morphogenetic_engine.sweeps.grid_search import design_of
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.progressive import ProgressiveSuggestions
from morphogenetic_engine.sweeps.strategy import Pruning, Suggestions


def suggestions_of(config: SweepConfig, known: Sequence[TrialRecord] = ()) -> Suggestions:
    """Return the way to search that a configuration asks for; `known` are the results of a warm start.

    Raises:
        ConfigError: the sampler or pruner does not fit the search space, or Optuna is not installed.
    """
    if config.sweep_type is SweepType.PROGRESSIVE:
        return ProgressiveSuggestions(config)
    if config.sweep_type is not SweepType.BAYESIAN:
        return design_of(config)
    _require_optuna()
    # Optuna takes a third of a second to import, which no other sweep has to pay.
    # pylint: disable=import-outside-toplevel
    if config.optimization.sampler == "auto":
        from morphogenetic_engine.sweeps.search.auto import AutoSuggestions

        return AutoSuggestions(config, known)
    from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaSuggestions

    return OptunaSuggestions(config, known=known)


def fired_rule(config: SweepConfig) -> str | None:
    """Return which rule of the sampler `auto` fired; None: the sweep does not use it."""
    if config.sweep_type is not SweepType.BAYESIAN or config.optimization.sampler != "auto":
        return None
    _require_optuna()
    from morphogenetic_engine.sweeps.search.auto import auto_choice  # pylint: disable=import-outside-toplevel

    return auto_choice(config).rule


def _require_optuna() -> None:
    if find_spec("optuna") is None:
        raise ConfigError("sweep_type: bayesian needs optuna: pip install 'morphogenetic-engine[bayesian]'")


def pruning_of(config: SweepConfig) -> Pruning | None:
    """Return what decides whether trials go on; None: they all do."""
    if config.sweep_type is not SweepType.BAYESIAN or config.optimization.pruner in (None, "none"):
        return None
    from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import (
        OptunaPruning,
    )  # pylint: disable=import-outside-toplevel

    return OptunaPruning(config)


def total_trials(config: SweepConfig) -> int:
    """Return the number of trials of a sweep that is not stopped early."""
    if config.sweep_type.counts_itself or config.optimization.sampler == "auto":
        return len(suggestions_of(config))
    assert config.optimization.n_trials is not None, "the schema requires n_trials of all that do not count themselves"
    return config.optimization.n_trials
