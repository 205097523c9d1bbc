"""A median pruner that waits until a trial has stopped improving."""

from __future__ import annotations

from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaPrunerKind

PATIENT = OptunaPrunerKind(
    library_name="PatientPruner",
    wraps="MedianPruner",
    options={"patience": int, "min_delta": float},
    given={"patience": 5},
)
