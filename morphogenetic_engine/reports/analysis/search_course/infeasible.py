"""Computes what outcome constraints rule out: which trials, by which limits, and what it cost the objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.results import SweepResult


@dataclass(frozen=True)
class ConstraintNumbers:
    """One constrained metric."""

    metric: str
    limit: str
    """Such as `<= 20`."""
    broken: int
    """The complete trials that break it."""
    alone: int
    """Those that break no other one: without this constraint they would be feasible."""
    lowest: float
    """The smallest value of a complete trial."""
    highest: float


@dataclass(frozen=True)
class RuledOut:
    """A trial that breaks constraints and has a better objective than the best feasible one."""

    trial: int
    value: float
    """Its objective."""
    broken: Mapping[str, str]
    """The limits that it exceeds, by metric, such as `31 > 20`."""


@dataclass(frozen=True)
class Infeasible:
    """The trials that the outcome constraints of a sweep rule out."""

    complete: int
    feasible: int
    constraints: tuple[ConstraintNumbers, ...]
    better: tuple[RuledOut, ...]
    """The trials that are ruled out and would otherwise be better than the best, the best of them first."""
    ruled_out: Mapping[int, Mapping[str, str]]
    """All trials that are ruled out, by number: what each breaks, by metric."""
    said: str
    """In one line; empty: nothing is ruled out."""


def infeasible_of(result: SweepResult) -> Infeasible | None:
    """Returns what is ruled out; None: the sweep has no outcome constraints, or no complete trial."""
    optimization = result.config.optimization
    complete = list(result.complete)
    if not optimization.outcome_constraints or not complete:
        return None
    broken, target = result.ruled_out, optimization.target_metric
    known = {
        metric: [trial.metrics[metric] for trial in complete if metric in trial.metrics]
        for metric in optimization.outcome_constraints
    }
    constraints = tuple(
        ConstraintNumbers(
            metric,
            limit.shown,
            sum(metric in found for found in broken.values()),
            sum(list(found) == [metric] for found in broken.values()),
            min(known[metric], default=0.0),
            max(known[metric], default=0.0),
        )
        for metric, limit in optimization.outcome_constraints.items()
    )
    better = [
        RuledOut(trial.number, trial.metrics[target], broken[trial.number])
        for trial in complete
        if trial.number in broken
        and (result.best is None or optimization.direction.better(trial.metrics[target], result.best.metrics[target]))
    ]
    better.sort(key=lambda each: (-optimization.direction.sign * each.value, each.trial))
    count = result.counts[TrialState.COMPLETE]
    return Infeasible(count, count - len(broken), constraints, tuple(better), broken, result.ruling_out)
