"""Bayesian optimisation with a Gaussian process, for few expensive trials."""

from __future__ import annotations

from morphogenetic_engine.sweeps.kinds import KatibAlgorithm
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler

GP = OptunaSampler(
    library_name="GPSampler",
    options={"n_startup_trials": int, "deterministic_objective": bool},
    given={"warn_independent_sampling": False},
    conditional=False,
    outcome_constraints=True,
    packages=("optuna", "torch"),
    extras="bayesian,engine",
    fresh=True,
    retries=0,
    katib=KatibAlgorithm(
        "bayesianoptimization",
        {"n_startup_trials": "n_initial_points"},
        given={"base_estimator": "GP"},
        notes=("trials that start together may try the same point",),
    ),
)
