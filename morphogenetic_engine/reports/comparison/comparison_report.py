"""Compares sweeps, configurations and trials: tests, whole sweeps, shared configurations, profiles and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.reports.analysis.evidence import Evidence
from morphogenetic_engine.reports.comparison.candidates import (
    Candidate,
    candidate_of,
    evidence_for,
    find_candidate,
    notes_on,
)
from morphogenetic_engine.reports.comparison.profiles import Profile, profiles_of
from morphogenetic_engine.reports.stats.comparison import Comparison, Sample, compare, compare_with
from morphogenetic_engine.sweeps.record.averages import mean_of, median_of
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.trial import text

_SMALL_IS_GOOD = (
    *("loss", "error", "rmse", "mse", "mae", "nll", "perplexity", "regret"),
    *("time", "seconds", "duration", "latency", "cost", "memory", "dip"),
)


@dataclass(frozen=True)
class SweepCompared:
    """A sweep as a whole."""

    sweep_id: str
    complete: int
    """Of these, as in all of the comparison, those that outcome constraints rule out are not counted."""
    best: float | None
    median: float | None
    trial_seconds: float
    """The total duration of the last attempts of its trials."""


@dataclass(frozen=True)
class SharedConfigurations:
    """Configurations that two sweeps have in common, compared in pairs."""

    one: str
    other: str
    configurations: int
    comparison: Comparison
    """Each pair is one configuration, not one seed."""


@dataclass(frozen=True)
class ComparisonReport:
    """The result of a comparison."""

    metric: str
    direction: str
    candidates: tuple[Candidate, ...]
    """In the order of the arguments."""
    comparisons: tuple[Comparison, ...]
    """The first candidate against each of the others."""
    sweeps: tuple[SweepCompared, ...]
    """The whole sweeps among the arguments."""
    shared: tuple[SharedConfigurations, ...]
    """The first of them against each other one that has configurations in common with it."""
    profiles: tuple[Profile, ...]
    """Of the sweeps where several were named, else of the candidates."""
    notes: tuple[str, ...]
    """Limits of the comparison, such as few seeds or different commits."""


def compare_candidates(
    results: Mapping[str, SweepResult],
    named: Sequence[str],
    *,
    metric: str | None = None,
    tolerance: float = 0.0,
    direction: Direction | None = None,
) -> ComparisonReport:
    """Compares what is named: `ID` (a sweep, by its best configuration), `ID:7` (a trial), `ID:best`, `ID:baseline`.

    `direction` is for a metric that is not an objective; by default it is guessed from the metric's name.

    Raises:
        ConfigError: a name is unknown or names a trial without a value, or there is nothing to compare.
    """
    chosen = [find_candidate(results, name) for name in named]
    if len(set(named)) < 2:
        raise ConfigError("compare: needs at least two different sweeps or trials, such as ID:best ID:baseline")
    first = chosen[0][0]
    target = metric or first.config.optimization.target_metric
    aim = _direction(first, target, direction)
    known = [evidence_for(result, trial, target, name) for (result, trial), name in zip(chosen, named, strict=True)]
    kind = next((each for each in Evidence if all(each in found for found in known)), None)
    candidates = tuple(
        candidate_of(name, result, trial, found, kind)
        for (result, trial), name, found in zip(chosen, named, known, strict=True)
    )
    samples = [
        Sample(name, found[candidate.evidence]) for name, found, candidate in zip(named, known, candidates, strict=True)
    ]
    whole = [results[name] for name in named if ":" not in name]
    return ComparisonReport(
        metric=target,
        direction=aim.value,
        candidates=candidates,
        comparisons=compare_with(samples[0], samples[1:], aim, tolerance=tolerance),
        sweeps=tuple(_sweep(result, target, aim) for result in whole),
        shared=tuple(
            _shared(whole[0], other, pairs, aim, tolerance)
            for other in whole[1:]
            if (pairs := _pairs(whole[0], other, target))
        ),
        profiles=profiles_of(_profiled(whole, samples, target), aim),
        notes=(*_guess(first, target, direction, aim), *notes_on(candidates, chosen, known), *_ruled_out(whole)),
    )


def _direction(result: SweepResult, metric: str, given: Direction | None) -> Direction:
    for objective in result.config.optimization.all_objectives:
        if objective.metric == metric:
            if given not in (None, objective.direction):
                raise ConfigError(
                    f"compare: --direction: the sweep sets {objective.direction} for {metric}; remove the option"
                )
            return objective.direction
    known = {name for trial in result.complete for name in trial.metrics}
    if metric not in known:
        hint = did_you_mean(metric, known) or f"; the metrics are {', '.join(sorted(known))}"
        raise ConfigError(f"compare: --metric: sweep {result.info.sweep_id} has no metric {metric!r}{hint}")
    if given is not None:
        return given
    return Direction.MINIMIZE if any(part in metric.lower() for part in _SMALL_IS_GOOD) else Direction.MAXIMIZE


def _guess(result: SweepResult, metric: str, given: Direction | None, aim: Direction) -> tuple[str, ...]:
    if given is not None or any(metric == each.metric for each in result.config.optimization.all_objectives):
        return ()
    return (f"{metric} is not an objective; its name suggests {aim}, --direction overrides this",)


def _ruled_out(whole: Sequence[SweepResult]) -> list[str]:
    return [f"{each.info.sweep_id}: {each.ruling_out}, which are not counted" for each in whole if each.ruled_out]


def _sweep(result: SweepResult, metric: str, direction: Direction) -> SweepCompared:
    values = [trial.metrics[metric] for trial in result.feasible if metric in trial.metrics]
    best = (max if direction is Direction.MAXIMIZE else min)(values, default=None)
    seconds = sum(trial.duration for trial in result.trials)
    median = median_of(values) if values else None
    return SweepCompared(result.info.sweep_id, len(values), best, median, seconds)


def _shared(
    one: SweepResult,
    other: SweepResult,
    pairs: Sequence[tuple[float, float]],
    direction: Direction,
    tolerance: float,
) -> SharedConfigurations:
    left = Sample(one.info.sweep_id, {place: mine for place, (mine, _) in enumerate(pairs)})
    right = Sample(other.info.sweep_id, {place: theirs for place, (_, theirs) in enumerate(pairs)})
    found = compare(left, right, direction, tolerance=tolerance)
    return SharedConfigurations(left.name, right.name, len(pairs), found)


def _pairs(one: SweepResult, other: SweepResult, metric: str) -> list[tuple[float, float]]:
    """Returns the means of a metric in both sweeps, for each configuration that has it in both."""
    left, right = _by_configuration(one), _by_configuration(other)
    return [
        (mean_of(mine), mean_of(theirs))
        for key, trials in left.items()
        if key in right
        and (mine := [trial.metrics[metric] for trial in trials if metric in trial.metrics])
        and (theirs := [trial.metrics[metric] for trial in right[key] if metric in trial.metrics])
    ]


def _by_configuration(result: SweepResult) -> dict[frozenset[tuple[str, str]], list[TrialRecord]]:
    found: dict[frozenset[tuple[str, str]], list[TrialRecord]] = {}
    for trial in result.feasible:
        axes = ((name, text(trial.params[name])) for name in result.config.space.axes if name in trial.params)
        found.setdefault(frozenset(axes), []).append(trial)
    return found


def _profiled(whole: Sequence[SweepResult], samples: Sequence[Sample], metric: str) -> dict[str, list[float]]:
    if len(whole) > 1:
        return {
            result.info.sweep_id: [trial.metrics[metric] for trial in result.feasible if metric in trial.metrics]
            for result in whole
        }
    return {sample.name: list(sample.values.values()) for sample in samples}
