"""Quasi-Monte Carlo: a scrambled Sobol or Halton sequence."""

from __future__ import annotations

from morphogenetic_engine.sweeps.kinds import KatibAlgorithm
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler

QMC = OptunaSampler(
    library_name="QMCSampler",
    options={"qmc_type": str, "scramble": bool},
    given={"scramble": True, "warn_independent_sampling": False},
    conditional=False,
    probabilities=False,
    outcome_constraints=True,
    replayed=True,
    reseeded=False,
    retries=1000,
    katib=KatibAlgorithm("sobol", seeded=False),
)
