"""The best configurations and the baseline, each with its values, spreads over seeds and replay command."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.reports.analysis.evidence import confirmed_values, replicate_values
from morphogenetic_engine.reports.analysis.reproduction import Replay, replay_of
from morphogenetic_engine.sweeps.confirm.confirmation import baseline_of
from morphogenetic_engine.sweeps.record.averages import deviation_of, mean_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Value

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """The mean, deviation and interval of the objective over seeds."""

    values: tuple[float, ...]
    """In the order of the seeds' numbers."""
    mean: float
    deviation: float | None
    """The sample standard deviation; None below two values."""
    low: float | None
    """The 95 % interval of the mean (Student's t); None below two values."""
    high: float | None


@dataclass(frozen=True)
class Configuration:
    """One trial's configuration and its results."""

    rank: int | None
    """The rank, 1 for the best of the search; None: not complete."""
    trial: int
    seed: int
    baseline: bool
    params: Mapping[str, Value]
    """The searched parameters that the trial has, in the order of the sweep file."""
    state: str
    value: float | None
    """The objective as the search saw it; None: the trial is not complete."""
    metrics: Mapping[str, float]
    """All metrics that the trial returned."""
    seconds: float
    steps: int
    curve: tuple[float, ...]
    """The objective at each step that reported it; with replicates, one value per replicate."""
    replicates: Spread | None
    """The objective over the replicates, whose seeds the search used; None without replicates."""
    confirmed: Spread | None
    """The objective over the fresh seeds of `sweep confirm`; None: it was not confirmed."""
    replay: Replay


def best_configurations(result: SweepResult, top: int) -> tuple[Configuration, ...]:
    """Returns the `top` best complete trials in their order, then the baseline where it is not among them."""
    baseline, ranked = baseline_of(result), result.ranked
    shown = [configuration_of(result, trial, rank) for rank, trial in enumerate(ranked[:top], start=1)]
    if baseline is None or any(each.trial == baseline.number for each in shown):
        return tuple(shown)
    rank = next((place for place, each in enumerate(ranked, start=1) if each is baseline), None)
    return (*shown, configuration_of(result, baseline, rank))


def configuration_of(result: SweepResult, trial: TrialRecord, rank: int | None) -> Configuration:
    """Builds the configuration of one trial."""
    target, baseline = result.config.optimization.target_metric, baseline_of(result)
    complete = trial.state is TrialState.COMPLETE
    return Configuration(
        rank=rank,
        trial=trial.number,
        seed=trial.seed,
        baseline=baseline is not None and trial.number == baseline.number,
        params={name: trial.params[name] for name in result.config.space.axes if name in trial.params},
        state=trial.state.value,
        value=trial.metrics[target] if complete else None,
        metrics=dict(trial.metrics),
        seconds=trial.duration,
        steps=len(trial.curve),
        curve=tuple(metrics[target] for _, metrics in sorted(trial.curve.items()) if target in metrics),
        replicates=spread_of(list(replicate_values(trial, target).values())),
        confirmed=spread_of(list(confirmed_values(trial, target).values())),
        replay=replay_of(result, trial),
    )


def spread_of(values: Sequence[float]) -> Spread | None:
    """Returns the mean, deviation and interval of some values; None for no values."""
    if not values:
        return None
    mean = mean_of(values)
    if len(values) < 2:
        return Spread(tuple(values), mean, None, None, None)
    from scipy.special import stdtrit  # pylint: disable=import-outside-toplevel  # slow to import, not always needed

    deviation = deviation_of(values)
    half = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * deviation / math.sqrt(len(values))
    return Spread(tuple(values), mean, deviation, mean - half, mean + half)
