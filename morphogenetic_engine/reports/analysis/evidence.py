"""Collects the values of a metric by seed for each configuration, by the kind of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Value, text

SEED = "seed"
"""The parameter that overrides a trial's own seed."""


class Evidence(StrEnum):
    """The sources of values, the strongest first."""

    CONFIRMED = "fresh seeds"
    """`sweep confirm` ran it on seeds that the search did not use."""
    REPLICATES = "replicates of the search"
    """The search selected by these seeds."""
    SEED_AXIS = "seeds that were searched"
    """`seed` is a searched parameter: trials that differ only in it are runs of one configuration."""
    ONE_SEED = "one seed"


Known = Mapping[int, float]
"""A metric by seed."""


def evidence_of(result: SweepResult, trial: TrialRecord, metric: str) -> dict[Evidence, Known]:
    """Returns a configuration's values by kind of evidence, the strongest first; empty for an unfinished trial."""
    found = {
        Evidence.CONFIRMED: confirmed_values(trial, metric),
        Evidence.REPLICATES: _replicated(trial, metric),
        Evidence.SEED_AXIS: _by_seed_axis(result, trial, metric),
        Evidence.ONE_SEED: _own_value(trial, metric),
    }
    return {kind: values for kind, values in found.items() if values}


def strongest_of(result: SweepResult, metric: str) -> tuple[Evidence, dict[int, Known]]:
    """Returns the strongest available evidence, and its values by trial number."""
    confirmed: dict[int, Known] = {each.number: confirmed_values(each, metric) for each in result.trials}
    replicated: dict[int, Known] = {each.number: _replicated(each, metric) for each in result.ranked}
    for kind, known in ((Evidence.CONFIRMED, confirmed), (Evidence.REPLICATES, replicated)):
        if any(known.values()):
            return kind, {number: values for number, values in known.items() if values}
    if SEED in result.config.space.axes:
        groups = [group for group in _groups(result.ranked).values() if len(group) > 1]
        if groups:
            return Evidence.SEED_AXIS, {group[0].number: _values(group, metric) for group in groups}
    return Evidence.ONE_SEED, {trial.number: values for trial in result.ranked if (values := _own_value(trial, metric))}


def replicate_values(trial: TrialRecord, metric: str) -> dict[int, float]:
    """Returns a metric of each replicate that is complete, by seed, in the order of the replicates."""
    found = sorted(trial.replicates.items())
    return {replicate.seed: replicate.metrics[metric] for _, replicate in found if metric in replicate.metrics}


def confirmed_values(trial: TrialRecord, metric: str) -> dict[int, float]:
    """Returns a metric of each complete run with a fresh seed, by seed, in the order of the seeds' numbers."""
    runs = [run for _, run in sorted(trial.confirmations.items()) if run.state is TrialState.COMPLETE]
    return {run.seed: run.metrics[metric] for run in runs if metric in run.metrics}


def seed_of(trial: TrialRecord) -> int:
    """Returns the seed that a trial ran with: its parameter `seed` if it has one, else its own."""
    given = trial.params.get(SEED)
    return given if isinstance(given, int) else trial.seed


def _replicated(trial: TrialRecord, metric: str) -> dict[int, float]:
    return replicate_values(trial, metric) if len(trial.replicates) > 1 else {}


def _own_value(trial: TrialRecord, metric: str) -> dict[int, float]:
    complete = trial.state is TrialState.COMPLETE and metric in trial.metrics
    return {seed_of(trial): trial.metrics[metric]} if complete else {}


def _by_seed_axis(result: SweepResult, trial: TrialRecord, metric: str) -> dict[int, float]:
    if SEED not in result.config.space.axes:
        return {}
    group = [each for each in result.complete if _without_seed(each) == _without_seed(trial)]
    return _values(group, metric) if len(group) > 1 else {}


def _values(group: Sequence[TrialRecord], metric: str) -> dict[int, float]:
    found = sorted(group, key=lambda each: each.number)
    return {seed_of(trial): trial.metrics[metric] for trial in found if metric in trial.metrics}


def _groups(trials: Sequence[TrialRecord]) -> dict[tuple[tuple[str, str], ...], list[TrialRecord]]:
    groups: dict[tuple[tuple[str, str], ...], list[TrialRecord]] = {}
    for trial in trials:
        groups.setdefault(tuple((name, text(value)) for name, value in _without_seed(trial).items()), []).append(trial)
    return groups


def _without_seed(trial: TrialRecord) -> dict[str, Value]:
    return {name: value for name, value in trial.params.items() if name != SEED}
