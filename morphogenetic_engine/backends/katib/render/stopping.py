"""Pruning and early stopping as Katib knows them: medianstop for trials, a goal for the whole sweep.

medianstop compares a trial once, at its report number `start_step`, with the mean (not the median) of the averages of
the earlier trials' reports up to there: pkg/earlystopping/v1beta1/medianstop/service.py of Katib v0.19.
"""

from __future__ import annotations

from collections.abc import Iterator

from morphogenetic_engine.backends.katib.render.algorithms import Loss
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig, SweepType
from morphogenetic_engine.sweeps.single_trial.metric_lines import ALL_REPORTS

KATIB_START_STEP = 4
OPTUNA_STARTUP_TRIALS = 5


def early_stopping(config: SweepConfig) -> dict[str, object] | None:
    """Return `spec.earlyStopping`; None: no trial is stopped early.

    Raises:
        ConfigError: a setting that is no whole number, or a comparison later than trials report in full.
    """
    if not _prunes_by_median(config):
        return None
    start_step = _option(config, "n_warmup_steps", KATIB_START_STEP - 1) + 1
    if start_step > ALL_REPORTS:
        raise ConfigError(
            f"optimization.pruner_options.n_warmup_steps: must be less than {ALL_REPORTS} on Katib, where later reports"
            f" are thinned, but got {start_step - 1}"
        )
    settings = {
        "min_trials_required": max(1, _option(config, "n_startup_trials", OPTUNA_STARTUP_TRIALS)),
        "start_step": start_step,
    }
    written = [{"name": name, "value": str(value)} for name, value in settings.items()]
    return {"algorithmName": "medianstop", "algorithmSettings": written}


def goal(config: SweepConfig) -> float | None:
    """Return the objective with which the sweep is done; None: it has no goal that Katib could watch."""
    stopping, optimization = config.execution.early_stopping, config.optimization
    if stopping is None or stopping.threshold is None:
        return None
    same_metric = stopping.metric in (None, optimization.target_metric)
    return stopping.threshold if same_metric and stopping.direction in (None, optimization.direction) else None


def stopping_losses(config: SweepConfig, parallel: int, trials: int) -> Iterator[Loss]:
    """Yield what Katib does not do of the file's pruner and early stopping."""
    if config.sweep_type is SweepType.BAYESIAN:
        yield from _pruner_losses(config, parallel, trials)
    stopping = config.execution.early_stopping
    if stopping is None:
        return
    where = "execution.early_stopping"
    if stopping.patience is not None:
        yield Loss(f"{where}.patience", "Katib does not stop for want of progress: all trials run")
    if stopping.threshold is not None and goal(config) is None:
        yield Loss(f"{where}.threshold", "Katib's goal is on the objective alone: all trials run")
    elif stopping.threshold is not None:
        yield Loss(f"{where}.threshold", "trials that run when the goal is reached go on (`sweep stop` ends them)")
        if stopping.min_trials:
            yield Loss(f"{where}.min_trials", "Katib stops at the goal, however few trials have ended")


def _pruner_losses(config: SweepConfig, parallel: int, trials: int) -> Iterator[Loss]:
    pruner, where = config.optimization.pruner, "optimization.pruner"
    if pruner in (None, "none"):
        return
    if not _prunes_by_median(config):
        yield Loss(where, f"Katib has no {pruner}: every trial runs to its end")
        return
    step = _option(config, "n_warmup_steps", KATIB_START_STEP - 1) + 1
    yield Loss(where, f"a trial is compared once, at report {step}, with the mean of the others, not their median")
    for name in config.optimization.pruner_options:
        if name not in {"n_startup_trials", "n_warmup_steps"}:
            yield Loss(f"optimization.pruner_options.{name}", "medianstop has no such setting")
    first = max(1, _option(config, "n_startup_trials", OPTUNA_STARTUP_TRIALS))
    if first + parallel > trials:
        yield Loss(where, f"no trial is stopped early: {first} must succeed first, and {parallel} run at a time")


def _prunes_by_median(config: SweepConfig) -> bool:
    return config.sweep_type is SweepType.BAYESIAN and config.optimization.pruner == "MedianPruner"


def _option(config: SweepConfig, name: str, default: int) -> int:
    value = config.optimization.pruner_options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"optimization.pruner_options.{name}: must be a whole number >= 0, but got {value!r}")
    return value
