"""CMA-ES: the evolution strategy with an adapted covariance matrix, for ranges."""

from __future__ import annotations

from morphogenetic_engine.sweeps.kinds import KatibAlgorithm
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler

CMA_ES = OptunaSampler(
    library_name="CmaEsSampler",
    options={
        "n_startup_trials": int,
        "popsize": int,
        "consider_pruned_trials": bool,
        "use_separable_cma": bool,
        "with_margin": bool,
        "lr_adapt": bool,
    },
    given={"warn_independent_sampling": False},
    categorical=False,
    conditional=False,
    several_objectives=False,
    least_axes=2,
    packages=("optuna", "cmaes"),
    transfers=True,
    replayed=True,
    katib=KatibAlgorithm(
        "cmaes",
        {"restart_strategy": "restart_strategy"},
        notes=("choices are drawn at random, and a generation that has a failure is lost",),
        least_ranges=2,
    ),
)
