"""Pruning and early stopping on Katib: medianstop for trials, a goal for the whole sweep.

The kind of a pruner names Katib's algorithm and its settings.

medianstop compares a trial once, at its report number `start_step`, with the mean (not the median) of the averages of
the earlier trials' reports up to there: pkg/earlystopping/v1beta1/medianstop/service.py of Katib v0.19.
"""

from __future__ import annotations

from collections.abc import Iterator

from morphogenetic_engine.backends.backend import Unsupported
from morphogenetic_engine.errors import ConfigError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.kinds import KatibSetting, KatibStopping
from morphogenetic_engine.sweeps.search.registry import pruner_kind
from morphogenetic_engine.sweeps.single_trial.metric_lines import ALL_REPORTS


def early_stopping(config: SweepConfig) -> dict[str, object] | None:
    """Returns `spec.earlyStopping`; None: no trial is stopped early.

    Raises:
        ConfigError: a setting that is no whole number, or a comparison after the point from which reports are thinned.
    """
    stopping = _stopping(config)
    if stopping is None:
        return None
    settings = _settings(config, stopping)
    report = settings[stopping.report]
    if report > ALL_REPORTS:
        option = stopping.settings[stopping.report].option
        raise ConfigError(
            f"optimization.pruner_options.{option}: must be less than {ALL_REPORTS} on"
            f" Katib, where later reports are thinned, but got {report - 1}"
        )
    written = [{"name": name, "value": str(value)} for name, value in settings.items()]
    return {"algorithmName": stopping.name, "algorithmSettings": written}


def goal(config: SweepConfig) -> float | None:
    """Returns the objective value at which the sweep stops; None if it has no goal that Katib supports."""
    stopping, optimization = config.execution.early_stopping, config.optimization
    if stopping is None or stopping.threshold is None:
        return None
    same_metric = stopping.metric in (None, optimization.target_metric)
    return stopping.threshold if same_metric and stopping.direction in (None, optimization.direction) else None


def unsupported_stopping(
    config: SweepConfig, parallel: int, trials: int, *, ours: bool = False
) -> Iterator[Unsupported]:
    """Yields the settings of the file's pruner and early stopping that Katib does not support.

    With our own search (`ours`) trials stop and pause themselves.
    """
    if config.optimization.strategy is not None and not ours:
        yield Unsupported(
            "optimization.strategy", "Katib pauses no trials: every trial runs to its end, without halving"
        )
    if config.prunes and not ours:
        yield from _unsupported_pruner(config, parallel, trials)
    stopping = config.execution.early_stopping
    if stopping is None:
        return
    where = "execution.early_stopping"
    if stopping.patience is not None:
        yield Unsupported(f"{where}.patience", "Katib does not stop sweeps without progress: all trials run")
    if stopping.threshold is not None and goal(config) is None:
        yield Unsupported(f"{where}.threshold", "Katib's goal is on the objective alone: all trials run")
    elif stopping.threshold is not None:
        yield Unsupported(
            f"{where}.threshold", "trials that run when the goal is reached go on (`sweep stop` ends them)"
        )
        if stopping.min_trials:
            yield Unsupported(f"{where}.min_trials", "Katib stops at the goal, however few trials have ended")


def _unsupported_pruner(config: SweepConfig, parallel: int, trials: int) -> Iterator[Unsupported]:
    where, stopping = "optimization.pruner", _stopping(config)
    if stopping is None:
        yield Unsupported(where, f"Katib has no {config.optimization.pruner}: every trial runs to its end")
        return
    settings = _settings(config, stopping)
    yield Unsupported(where, stopping.note.format(**settings))
    known = {setting.option for setting in stopping.settings.values()}
    for name in config.optimization.pruner_options:
        if name not in known:
            yield Unsupported(f"optimization.pruner_options.{name}", f"{stopping.name} has no such setting")
    first = settings[stopping.first]
    if first + parallel > trials:
        yield Unsupported(where, f"no trial is stopped early: {first} must succeed first, and {parallel} run at a time")


def _stopping(config: SweepConfig) -> KatibStopping | None:
    pruner = pruner_kind(config)
    return None if pruner is None else pruner.katib


def _settings(config: SweepConfig, stopping: KatibStopping) -> dict[str, int]:
    return {name: _value(config, setting) for name, setting in stopping.settings.items()}


def _value(config: SweepConfig, setting: KatibSetting) -> int:
    value = config.optimization.pruner_options.get(setting.option, setting.default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(
            f"optimization.pruner_options.{setting.option}: must be a whole number >= 0, but got {value!r}"
        )
    return max(setting.least, value + setting.offset)
