"""Asynchronous successive halving: a trial goes on from a rung if it is among the best there."""

from __future__ import annotations

from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaPrunerKind

SUCCESSIVE_HALVING = OptunaPrunerKind(
    library_name="SuccessiveHalvingPruner",
    options={
        "min_resource": int,
        "reduction_factor": int,
        "min_early_stopping_rate": int,
        "bootstrap_count": int,
    },
)
