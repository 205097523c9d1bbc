"""TPE: the tree-structured Parzen estimator, multivariate on Katib where trials run at the same time."""

from __future__ import annotations

from morphogenetic_engine.sweeps.kinds import KatibAlgorithm
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler

TPE = OptunaSampler(
    library_name="TPESampler",
    options={
        "n_startup_trials": int,
        "n_ei_candidates": int,
        "constant_liar": bool,
        "multivariate": bool,
        "group": bool,
    },
    given_with_conditions={"group": True},
    outcome_constraints=True,
    katib=KatibAlgorithm(
        "multivariate-tpe",
        {"n_startup_trials": "n_startup_trials", "n_ei_candidates": "n_ei_candidates"},
    ),
    katib_one_at_a_time=KatibAlgorithm(
        "tpe",
        {"n_ei_candidates": "n_EI_candidates", "prior_weight": "prior_weight"},
        notes=("the first random points are only as many as run at a time",),
    ),
)
