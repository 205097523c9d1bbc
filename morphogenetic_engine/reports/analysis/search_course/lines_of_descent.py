"""The lines of descent of a population, and the schedule of parameters that its best member found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.sweeps.record.trials import TrialRecord, line_of
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Value


@dataclass(frozen=True)
class Stage:
    """The part of a training that one trial did."""

    trial: int
    first_step: int | None
    """None: it reported no step of its own."""
    last_step: int | None
    value: float | None
    """Its objective at the end."""
    params: Mapping[str, Value]
    """The parameters that may change."""
    copied: bool
    """True if it went on from another member's files."""


@dataclass(frozen=True)
class Member:
    """A member of the last generation so far, with its ancestors from the first generation on."""

    trial: int
    value: float | None
    line: tuple[int, ...]
    """The trials of its line of descent, the first one first and itself last."""


@dataclass(frozen=True)
class Population:
    """The population of a sweep."""

    members: int
    generations: int
    length: int
    """Reports of a generation."""
    replaced: int
    """The trials that went on from another member's files."""
    repeated: int
    """Steps that were trained again, because the workload did not go on from the files of a parent."""
    line_of_best: tuple[Stage, ...]
    """The schedule that was found: the stages of the best trial, the first one first; empty: there is no best."""
    fixed: Mapping[str, Value]
    """The parameters of the best trial that did not change."""
    lines: tuple[Member, ...]
    """The last generation, the best first."""


def population_of(result: SweepResult) -> Population | None:
    """Returns the population; None: the sweep has none, or no trial has ended."""
    optimization = result.config.optimization
    if optimization.strategy != "pbt" or not any(trial.state.final for trial in result.trials):
        return None
    trials, given = {trial.number: trial for trial in result.trials}, optimization.n_trials or 1
    pbt, best = optimization.pbt, result.best
    members = pbt.members(given)
    copied = {trial.number for trial in result.trials if _is_copy(trial, members)}
    last = max(number for number, trial in trials.items() if trial.state.final) // members
    place = {trial.number: rank for rank, trial in enumerate(result.in_order)}
    final = [trial for number, trial in trials.items() if number // members == last]
    final.sort(key=lambda trial: (place.get(trial.number, len(place)), trial.number))
    target = optimization.target_metric
    return Population(
        members,
        pbt.generations(given),
        pbt.length(given),
        len(copied),
        sum(trial.repeated for trial in result.trials),
        () if best is None else tuple(_stage(each, pbt.change, target, copied) for each in line_of(best, trials)),
        {} if best is None else {name: value for name, value in best.params.items() if name not in pbt.change},
        tuple(
            Member(trial.number, trial.metrics.get(target), tuple(each.number for each in line_of(trial, trials)))
            for trial in final
        ),
    )


def _is_copy(trial: TrialRecord, members: int) -> bool:
    return trial.parent is not None and trial.parent != trial.number - members


def _stage(trial: TrialRecord, change: Sequence[str], target: str, copied: set[int]) -> Stage:
    return Stage(
        trial.number,
        min(trial.curve, default=None),
        max(trial.curve, default=None),
        trial.metrics.get(target),
        {name: trial.params[name] for name in change if name in trial.params},
        trial.number in copied,
    )
