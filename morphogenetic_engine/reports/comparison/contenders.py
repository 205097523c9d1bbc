"""Sweeps, configurations and trials beside each other: what is compared, and everything that is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.errors import ConfigError, did_you_mean
from morphogenetic_engine.reports.analysis.configurations import Spread, spread_of
from morphogenetic_engine.reports.analysis.evidence import Evidence, evidence_of
from morphogenetic_engine.reports.comparison.profiles import Profile, profiles_of
from morphogenetic_engine.reports.stats.comparison import Comparison, Sample, compare, compare_with
from morphogenetic_engine.sweeps.confirm.confirmation import baseline_of
from morphogenetic_engine.sweeps.record.averages import mean_of, median_of
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.sections import Direction
from morphogenetic_engine.trial import Value, text

_SMALL_IS_GOOD = (
    *("loss", "error", "rmse", "mse", "mae", "nll", "perplexity", "regret"),
    *("time", "seconds", "duration", "latency", "cost", "memory", "dip"),
)


@dataclass(frozen=True)
class Contender:
    """One configuration that is compared."""

    name: str
    sweep_id: str
    trial: int
    params: Mapping[str, Value]
    """The searched parameters that the trial has."""
    evidence: Evidence
    """Where its values come from."""
    spread: Spread
    """The metric over its seeds."""
    one_seed: bool
    """Whether it is known from one seed only: part of its value is luck."""


@dataclass(frozen=True)
class SweepCompared:
    """A sweep as a whole."""

    sweep_id: str
    complete: int
    best: float | None
    median: float | None
    trial_seconds: float
    """Of the last attempts of its trials."""


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
    """Everything that is said of some sweeps or trials beside each other."""

    metric: str
    direction: str
    contenders: tuple[Contender, ...]
    """In the order in which they were named."""
    comparisons: tuple[Comparison, ...]
    """The first contender beside each of the others."""
    sweeps: tuple[SweepCompared, ...]
    """The sweeps that were named as a whole."""
    shared: tuple[SharedConfigurations, ...]
    """For the first of them beside each other one that has configurations in common."""
    profiles: tuple[Profile, ...]
    """Of the sweeps where several were named, else of the contenders."""
    notes: tuple[str, ...]
    """What the reader must know before believing a number."""


def contend(
    results: Mapping[str, SweepResult],
    named: Sequence[str],
    *,
    metric: str | None = None,
    tolerance: float = 0.0,
    direction: Direction | None = None,
) -> ComparisonReport:
    """Compare what is named: `ID` (a sweep, by its best configuration), `ID:7` (a trial), `ID:best`, `ID:baseline`.

    `direction` is of a metric that is no objective; left out, it is guessed from the metric's name.

    Raises:
        ConfigError: a name is unknown, names a trial without a value, or there is nothing to compare.
    """
    chosen = [_chosen(results, name) for name in named]
    if len(set(named)) < 2:
        raise ConfigError("compare: needs two different sweeps or trials at least, such as ID:best ID:baseline")
    first = chosen[0][0]
    target = metric or first.config.optimization.target_metric
    aim = _direction(first, target, direction)
    known = [_evidence(result, trial, target, name) for (result, trial), name in zip(chosen, named, strict=True)]
    kind = next((each for each in Evidence if all(each in found for found in known)), None)
    contenders = tuple(
        _contender(name, result, trial, found, kind)
        for (result, trial), name, found in zip(chosen, named, known, strict=True)
    )
    samples = [
        Sample(name, found[contender.evidence]) for name, found, contender in zip(named, known, contenders, strict=True)
    ]
    whole = [results[name] for name in named if ":" not in name]
    return ComparisonReport(
        metric=target,
        direction=aim.value,
        contenders=contenders,
        comparisons=compare_with(samples[0], samples[1:], aim, tolerance=tolerance),
        sweeps=tuple(_sweep(result, target, aim) for result in whole),
        shared=tuple(
            _shared(whole[0], other, pairs, aim, tolerance)
            for other in whole[1:]
            if (pairs := _pairs(whole[0], other, target))
        ),
        profiles=profiles_of(_profiled(whole, samples, target), aim),
        notes=(*_guess(first, target, direction, aim), *_notes(contenders, chosen, known)),
    )


def _chosen(results: Mapping[str, SweepResult], name: str) -> tuple[SweepResult, TrialRecord]:
    sweep_id, _, which = name.partition(":")
    result = results[sweep_id]
    if which in ("", "best"):
        trial = result.best
        missing = "has no complete trial"
    elif which == "baseline":
        trial = baseline_of(result)
        missing = "has no baseline; its parameters have no defaults"
    else:
        trial = next((each for each in result.trials if str(each.number) == which), None)
        last = max((each.number for each in result.trials), default=None)
        missing = f"has no trial {which!r}; " + (
            "it has none yet" if last is None else f"its trials are 0 to {last}, best and baseline"
        )
    if trial is None:
        raise ConfigError(f"compare: {name}: sweep {sweep_id} {missing}")
    return result, trial


def _direction(result: SweepResult, metric: str, given: Direction | None) -> Direction:
    for objective in result.config.optimization.all_objectives:
        if objective.metric == metric:
            if given not in (None, objective.direction):
                raise ConfigError(
                    f"compare: --direction: the sweep says {objective.direction} of {metric}; leave it out"
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
    return (f"{metric} is no objective; by its name to {aim} it is better, --direction says otherwise",)


def _evidence(result: SweepResult, trial: TrialRecord, metric: str, name: str) -> dict[Evidence, Mapping[int, float]]:
    found = evidence_of(result, trial, metric)
    if not found:
        raise ConfigError(f"compare: {name}: trial {trial.number} is {trial.state} and has no {metric}")
    return found


def _contender(
    name: str,
    result: SweepResult,
    trial: TrialRecord,
    found: Mapping[Evidence, Mapping[int, float]],
    kind: Evidence | None,
) -> Contender:
    chosen = kind if kind is not None else next(iter(found))
    spread = spread_of(list(found[chosen].values()))
    assert spread is not None  # evidence without a value is none
    searched = {each: trial.params[each] for each in result.config.space.axes if each in trial.params}
    return Contender(name, result.info.sweep_id, trial.number, searched, chosen, spread, len(spread.values) == 1)


def _sweep(result: SweepResult, metric: str, direction: Direction) -> SweepCompared:
    values = [trial.metrics[metric] for trial in result.complete if metric in trial.metrics]
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
    """Return the means of a metric in both sweeps, for each configuration that has it in both."""
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
    for trial in result.complete:
        axes = ((name, text(trial.params[name])) for name in result.config.space.axes if name in trial.params)
        found.setdefault(frozenset(axes), []).append(trial)
    return found


def _profiled(whole: Sequence[SweepResult], samples: Sequence[Sample], metric: str) -> dict[str, list[float]]:
    if len(whole) > 1:
        return {
            result.info.sweep_id: [trial.metrics[metric] for trial in result.complete if metric in trial.metrics]
            for result in whole
        }
    return {sample.name: list(sample.values.values()) for sample in samples}


def _notes(
    contenders: Sequence[Contender],
    chosen: Sequence[tuple[SweepResult, TrialRecord]],
    known: Sequence[Mapping[Evidence, Mapping[int, float]]],
) -> tuple[str, ...]:
    notes = [
        f"{each.name}: known from one seed only, and the best of {len(result.ranked)} trials: part of its value is luck"
        for each, (result, trial) in zip(contenders, chosen, strict=True)
        if each.one_seed and trial is result.best and len(result.ranked) > 1
    ]
    if len({each.evidence for each in contenders}) > 1:
        notes.append(
            "the values come from different sources ("
            + ", ".join(f"{each.name}: {each.evidence}" for each in contenders)
            + "); confirm all of them on fresh seeds"
        )
    for each, (_, trial) in zip(contenders, chosen, strict=True):
        failed = sum(run.state is not TrialState.COMPLETE for run in trial.confirmations.values())
        if failed and each.evidence is Evidence.CONFIRMED:
            notes.append(
                f"{each.name}: {failed} of {len(trial.confirmations)} runs with fresh seeds failed, which no mean shows"
            )
    for each, found in zip(contenders, known, strict=True):
        stronger = next(iter(found))
        if stronger is not each.evidence:
            notes.append(f"{each.name}: has {stronger} too, which the others lack; confirm them on fresh seeds")
    if len({result.info.git_commit for result, _ in chosen}) > 1:
        notes.append("the sweeps ran at different commits: a difference may be the code's")
    differing = _differing([result.config.space.fixed for result, _ in chosen])
    if differing:
        notes.append(f"the sweeps differ in what is given, too: {', '.join(differing)}")
    return tuple(notes)


def _differing(fixed: Sequence[Mapping[str, Value]]) -> list[str]:
    """Return the fixed parameters that are not the same everywhere."""
    names = dict.fromkeys(name for each in fixed for name in each)
    return [name for name in names if len({text(each[name]) if name in each else None for each in fixed}) > 1]
