"""Computes the Pareto front of sweeps with several objectives."""

from __future__ import annotations

from dataclasses import dataclass

from morphogenetic_engine.sweeps.results import SweepResult


@dataclass(frozen=True, slots=True)
class ParetoPoint:
    """One complete trial."""

    trial: int
    values: tuple[float, ...]
    """The values in the order of the objectives."""
    front: bool
    """True: no other trial is as good in every objective and better in one."""


@dataclass(frozen=True)
class Pareto:
    """The complete trials of a sweep with several objectives."""

    objectives: tuple[str, ...]
    directions: tuple[str, ...]
    points: tuple[ParetoPoint, ...]
    """The front first, by the first objective; then the others by their numbers."""

    @property
    def front(self) -> tuple[ParetoPoint, ...]:
        return tuple(point for point in self.points if point.front)


def pareto_of(result: SweepResult) -> Pareto | None:
    """Returns the Pareto front; None for one objective."""
    objectives = result.config.optimization.objectives
    if len(objectives) < 2:
        return None
    front = {trial.number for trial in result.pareto_front}
    others = [trial for trial in result.complete if trial.number not in front]
    points = tuple(
        ParetoPoint(trial.number, tuple(trial.metrics[each.metric] for each in objectives), trial.number in front)
        for trial in [*result.pareto_front, *others]
    )
    return Pareto(tuple(each.metric for each in objectives), tuple(each.direction.value for each in objectives), points)
