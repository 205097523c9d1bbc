"""The trials whose importance is judged, and how they compare; those of a halving also where they were stopped.

The full trainings of a halving are few, and the best alone: among them, the parameter that decided who was stopped
looks unimportant. So all of its trials are put in one order: by the rung that they reached, the highest first, then by
the objective there. On the learning curves of TaskSet (81 and 243 configurations, six tasks) this order finds the
shares that all 1,000 full trainings have better than the results of any one rung do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord, counted_steps
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Objective


@dataclass(frozen=True)
class ReachedRung:
    """The number of trials that were compared at a rung and were not trained beyond it."""

    reports: int
    trials: int


@dataclass(frozen=True)
class Compared:
    """Trials and their losses, the smaller the better."""

    trials: tuple[TrialRecord, ...]
    losses: tuple[float, ...]
    rungs: tuple[ReachedRung, ...] = ()
    """The rungs of the comparison, the lowest first; the losses are then places. Empty: all by final results."""


def compared(result: SweepResult, objective: Objective) -> Compared:
    """Returns the trials of a sweep that can be compared by an objective."""
    if result.config.optimization.strategy not in {"halving", "asha"}:
        trials = tuple(trial for trial in result.complete if objective.metric in trial.metrics)
        return Compared(trials, tuple(_loss(trial.metrics, objective) for trial in trials))
    return _compared_at_rungs(result, objective)


def _compared_at_rungs(result: SweepResult, objective: Objective) -> Compared:
    names = [each.metric for each in result.config.optimization.all_objectives]
    pruned = [trial for trial in result.trials if trial.state is TrialState.PRUNED and trial.pauses]
    complete = [trial for trial in result.complete if objective.metric in trial.metrics]
    top = max((len(trial.pauses) for trial in [*pruned, *complete]), default=0)
    worsts = [_worst(rung, [*pruned, *complete], objective) for rung in range(top)]
    found: list[tuple[int, float, TrialRecord]] = []
    for trial in pruned:
        found.append((len(trial.pauses) - 1, _loss(trial.pauses[-1].metrics, objective), trial))
    for trial in complete:
        rung, loss = _of_complete(trial, worsts, objective, names)
        found.append((rung, loss, trial))
    found.sort(key=lambda each: (-each[0], each[1], each[2].number))
    order = sorted({(-rung, loss) for rung, loss, _ in found})
    place_of = {each: float(place) for place, each in enumerate(order)}
    return Compared(
        tuple(trial for _, _, trial in found),
        tuple(place_of[-rung, loss] for rung, loss, _ in found),
        tuple(_reached(found, names)),
    )


def _worst(rung: int, trials: Sequence[TrialRecord], objective: Objective) -> tuple[int, float]:
    """Returns the steps of a rung, and the worst loss there of the trials that went on."""
    paused = [trial for trial in trials if len(trial.pauses) > rung]
    went_on = [trial for trial in paused if trial.state is TrialState.COMPLETE or len(trial.pauses) > rung + 1]
    losses = [_loss(trial.pauses[rung].metrics, objective) for trial in went_on]
    return max(trial.pauses[rung].step for trial in paused), max(losses, default=float("inf"))


def _of_complete(
    trial: TrialRecord, worsts: Sequence[tuple[int, float]], objective: Objective, names: Sequence[str]
) -> tuple[int, float]:
    """Returns the rung and the loss with which a complete trial is compared.

    The trial that measures the full length is never paused: it counts as stopped where it is worse than all that went
    on.
    """
    if not trial.pauses:
        steps = counted_steps(trial, names)
        for rung, (until, worst) in enumerate(worsts):
            reported = [step for step in steps if step <= until]
            loss = _loss(trial.curve[reported[-1]], objective) if reported else worst
            if loss > worst:
                return rung, loss
    return len(worsts), _loss(trial.metrics, objective)


def _reached(found: Sequence[tuple[int, float, TrialRecord]], names: Sequence[str]) -> list[ReachedRung]:
    reports: dict[int, int] = {}
    trials: dict[int, int] = {}
    for rung, _, trial in found:
        until = trial.pauses[rung].step if rung < len(trial.pauses) else None
        steps = [step for step in counted_steps(trial, names) if until is None or step <= until]
        trials[rung] = trials.get(rung, 0) + 1
        if rung not in reports or until is not None:
            reports[rung] = len(steps)
    return [ReachedRung(reports[rung], trials[rung]) for rung in sorted(trials)]


def _loss(metrics: Mapping[str, float], objective: Objective) -> float:
    return -objective.direction.sign * metrics[objective.metric]
