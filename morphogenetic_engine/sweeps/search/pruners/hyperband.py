"""Hyperband: several brackets of successive halving beside each other."""

from __future__ import annotations

from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaPrunerKind

HYPERBAND = OptunaPrunerKind(
    library_name="HyperbandPruner",
    options={"min_resource": int, "max_resource": int, "reduction_factor": int, "bootstrap_count": int},
)
