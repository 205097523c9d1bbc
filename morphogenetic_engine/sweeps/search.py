"""From a configuration to its way to search."""

from __future__ import annotations

from morphogenetic_engine.sweeps.config import SweepConfig, SweepType
from morphogenetic_engine.sweeps.grid_search import Grid, design_of
from morphogenetic_engine.sweeps.suggestions import Pruning, Suggestions


def suggestions_of(config: SweepConfig) -> Suggestions:
    """Return the way to search that a configuration asks for.

    Raises:
        ConfigError: the sampler or pruner does not fit the search space, or Optuna is not installed.
    """
    if config.sweep_type is SweepType.BAYESIAN:
        # Optuna takes a third of a second to import, which no other sweep has to pay.
        from morphogenetic_engine.sweeps.bayesian import OptunaSuggestions  # pylint: disable=import-outside-toplevel

        return OptunaSuggestions(config)
    return design_of(config)


def pruning_of(config: SweepConfig) -> Pruning | None:
    """Return what decides whether trials go on; None: they all do."""
    if config.sweep_type is not SweepType.BAYESIAN or config.optimization.pruner in (None, "none"):
        return None
    from morphogenetic_engine.sweeps.bayesian import OptunaPruning  # pylint: disable=import-outside-toplevel

    return OptunaPruning(config)


def total_trials(config: SweepConfig) -> int:
    """Return the number of trials of a sweep that is not stopped early."""
    if config.sweep_type is SweepType.GRID:
        return len(Grid(config.space, config.optimization.n_trials))
    assert config.optimization.n_trials is not None, "the schema requires n_trials of all but grids"
    return config.optimization.n_trials
