"""Describes the outcome constraints of a sweep: their limits, and how its parts use them."""

# Deferred imports keep --help fast.
# pylint: disable=import-outside-toplevel
from __future__ import annotations

from collections.abc import Iterator

from morphogenetic_engine.sweeps.config import SweepConfig

_STRATEGIES = {
    "halving": "halving: at each rung feasible trials go on first, then the nearest",
    "asha": "asha: at each rung feasible trials go on first, then the nearest",
    "pbt": "pbt: feasible members rank first, then the nearest",
}


def limits_text(config: SweepConfig) -> str:
    """Returns the outcome constraints as conditions; empty: there are none."""
    limits = config.optimization.outcome_constraints
    return ", ".join(f"{metric} {limit.shown}" for metric, limit in limits.items())


def constraint_effects(config: SweepConfig) -> list[str]:
    """Returns a line for each part of a sweep that the outcome constraints concern; none without constraints."""
    return list(_effects(config)) if config.optimization.outcome_constraints else []


def _effects(config: SweepConfig) -> Iterator[str]:
    optimization = config.optimization
    yield _of_search(config)
    if optimization.strategy in _STRATEGIES:
        yield _STRATEGIES[optimization.strategy]
    if config.prunes:
        yield f"{optimization.pruner}: compares with feasible trials"
    if config.execution.early_stopping is not None:
        yield "early_stopping: counts improvements of feasible trials"
    yield "the result: a trial that breaks a limit is ruled out, and the best is the best feasible one"


def _of_search(config: SweepConfig) -> str:
    if config.sweep_type == "progressive":
        return "progressive: the next grid lies around feasible trials, or around the nearest"
    if not config.rules.sampler:
        return f"{config.sweep_type}: searches as without them"
    from morphogenetic_engine.sweeps.search.bayesian_search import sampler_name
    from morphogenetic_engine.sweeps.search.samplers.auto import auto_choice

    name = sampler_name(config)
    if name == "auto":
        phases = auto_choice(config).phases
        return f"auto ({phases[0].sampler}): learns where they are kept" if phases else "auto: takes every point"
    return f"{name}: {'learns where they are kept' if config.brackets_learn else 'searches as without them'}"
