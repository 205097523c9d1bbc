"""Pruning by Wilcoxon's signed-rank test against the best trial, step by step: for replicates."""

from __future__ import annotations

from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaPrunerKind

WILCOXON = OptunaPrunerKind(
    library_name="WilcoxonPruner",
    options={"p_threshold": float, "n_startup_steps": int},
    given={"n_startup_steps": 2},
)
