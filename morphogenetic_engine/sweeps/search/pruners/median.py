"""Pruning by the median, or another percentile, of what earlier trials reported at the same step."""

from __future__ import annotations

from morphogenetic_engine.sweeps.kinds import KatibSetting, KatibStopping
from morphogenetic_engine.sweeps.search.optuna.optuna_kinds import OptunaPrunerKind

_OPTIONS = {"n_startup_trials": int, "n_warmup_steps": int, "interval_steps": int, "n_min_trials": int}
_OPTUNA_STARTUP_TRIALS = 5
_KATIB_START_STEP = 4

MEDIAN = OptunaPrunerKind(
    library_name="MedianPruner",
    options=_OPTIONS,
    katib=KatibStopping(
        "medianstop",
        first="min_trials_required",
        report="start_step",
        settings={
            "min_trials_required": KatibSetting("n_startup_trials", _OPTUNA_STARTUP_TRIALS, least=1),
            "start_step": KatibSetting("n_warmup_steps", _KATIB_START_STEP - 1, offset=1),
        },
        note="a trial is compared once, at report {start_step}, with the mean of the others, not their median",
    ),
)
PERCENTILE = OptunaPrunerKind(
    library_name="PercentilePruner", options={"percentile": float, **_OPTIONS}, given={"percentile": 25.0}
)
