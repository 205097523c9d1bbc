"""Random search: independent points, which a pruner may stop."""

from __future__ import annotations

from morphogenetic_engine.sweeps.kinds import KatibAlgorithm
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaSampler

RANDOM = OptunaSampler(
    library_name="RandomSampler", fresh=True, retries=1000, outcome_constraints=True, katib=KatibAlgorithm("random")
)
