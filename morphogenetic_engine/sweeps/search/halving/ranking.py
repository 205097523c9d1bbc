"""Ranks the trials of a rung: by one objective, or by Pareto fronts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from morphogenetic_engine.sweeps.schema.objective import Objective, OutcomeLimits, violation_of
from morphogenetic_engine.trial import Metrics


def ranked(
    results: Mapping[int, Metrics | None], objectives: Sequence[Objective], limits: OutcomeLimits | None = None
) -> list[int]:
    """Returns the numbers of trials, the best first; of equals, the lower number first. None, a failure, ranks last.

    Trials that break a limit rank below those that keep all, by how far they are beyond (Deb's rule, as in NSGA-II).
    Several objectives: by Pareto fronts, and within a front by crowding distance (Deb et al., NSGA-II, 2002).
    """
    known = {number: metrics for number, metrics in sorted(results.items()) if metrics is not None}
    beyond = {number: violation_of(limits or {}, metrics) for number, metrics in known.items()}
    costs = {number: _costs(metrics, objectives) for number, metrics in known.items() if not beyond[number]}
    ruled_out = sorted((number for number in known if beyond[number]), key=lambda number: (beyond[number], number))
    failed = sorted(number for number, metrics in results.items() if metrics is None)
    if len(objectives) == 1:
        return [*sorted(costs, key=lambda number: (costs[number], number)), *ruled_out, *failed]
    order: list[int] = []
    left = dict(costs)
    while left:
        front = {
            number: cost for number, cost in left.items() if not any(_beats(other, cost) for other in left.values())
        }
        distance = _crowding(front)
        order += sorted(front, key=lambda number: (-distance[number], number))
        left = {number: cost for number, cost in left.items() if number not in front}
    return [*order, *ruled_out, *failed]


def _costs(metrics: Metrics, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """Returns the objectives, the lower the better."""
    return tuple(-each.direction.sign * metrics[each.metric] for each in objectives)


def _beats(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True)) and any(a < b for a, b in zip(one, other, strict=True))


def _crowding(front: Mapping[int, Sequence[float]]) -> dict[int, float]:
    """Returns how far each member of a front is from its neighbours; infinite at the ends."""
    distance = dict.fromkeys(front, 0.0)
    for place in range(len(next(iter(front.values())))):
        order = [number for _, number in sorted((costs[place], number) for number, costs in front.items())]
        low, high = front[order[0]][place], front[order[-1]][place]
        distance[order[0]] = distance[order[-1]] = math.inf
        if high > low:
            for before, number, after in zip(order, order[1:], order[2:], strict=False):
                # Halves, since the difference of two large floats may be infinite.
                width = (front[after][place] / 2 - front[before][place] / 2) / (high / 2 - low / 2)
                distance[number] += width
    return distance
