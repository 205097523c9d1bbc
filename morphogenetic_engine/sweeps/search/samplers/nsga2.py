"""NSGA-II: a genetic algorithm for several objectives."""

from __future__ import annotations

from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler

NSGA2 = OptunaSampler(
    library_name="NSGAIISampler",
    outcome_constraints=True,
    options={"population_size": int, "mutation_prob": float, "crossover_prob": float, "swapping_prob": float},
    replayed=True,
)
