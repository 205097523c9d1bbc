"""From a configuration to its strategy and pruner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import PrunerKind, strategy_kind
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.schema.search_names import PRUNERS
from morphogenetic_engine.sweeps.search.fitting import check_pruner
from morphogenetic_engine.sweeps.search.guarded_strategy import GuardedStrategy, one_line_errors, searching_part
from morphogenetic_engine.sweeps.search.halving.asha import AshaStrategy
from morphogenetic_engine.sweeps.search.halving.halving_strategy import HalvingStrategy
from morphogenetic_engine.sweeps.search.population.pbt_strategy import PbtStrategy
from morphogenetic_engine.sweeps.search.pruned_strategy import PrunedStrategy
from morphogenetic_engine.sweeps.strategy import Strategy


def strategy_of(config: SweepConfig, known: Sequence[TrialRecord] = (), *, log: Path | None = None) -> GuardedStrategy:
    """Builds the strategy of a sweep, with its pruner; `known` are the results of a warm start.

    Tracebacks of errors in a sampler or pruner are appended to `log`; the errors themselves become ConfigErrors.

    Raises:
        ConfigError: the sampler or pruner does not fit the sweep, or its library is not installed.
    """
    with one_line_errors(searching_part(config), log):
        return GuardedStrategy(_strategy(config, known), config, log)


def _strategy(config: SweepConfig, known: Sequence[TrialRecord]) -> Strategy:
    if config.optimization.strategy == "asha":
        return AshaStrategy(config)
    if config.optimization.strategy == "pbt":
        return PbtStrategy(config)
    if config.optimization.strategy is not None:
        return HalvingStrategy(config, known)
    strategy = strategy_kind(config).make(config, known)
    pruner = pruner_kind(config)
    if pruner is None:
        return strategy
    optimization = config.optimization
    assert optimization.pruner is not None
    check_pruner(optimization.pruner, pruner, config)
    lookahead = (optimization.lookahead or 1) if optimization.reproducible else None
    return PrunedStrategy(strategy, pruner.make(config), lookahead, optimization.outcome_constraints)


def pruner_kind(config: SweepConfig) -> PrunerKind | None:
    """Returns the kind of the sweep's pruner; None: every trial runs to its end."""
    name = config.optimization.pruner
    return PRUNERS.load(name, PrunerKind) if config.prunes and name is not None else None


def fired_rule(config: SweepConfig) -> str | None:
    """Returns why the strategy searches as it does, where it chooses by itself; None: it does not choose."""
    return strategy_kind(config).rule(config)
