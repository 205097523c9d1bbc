"""benchmarks/results/judge.json: the numbers of the comparison, of which docs/performance.md is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.judge.statistics import Cube, Estimate, budget_ratio, is_better, mean_regret

SHOWN = (3, 5, 10, 20, 50)
"""The budgets of the tables."""
LEVEL = 0.05
"""Below this p value a peer is called better."""
_RESULTS = Path(__file__).parents[1] / "results" / "judge.json"


@dataclass(frozen=True)
class Goal:
    """The factor by which ours must need less training for what a peer reaches with the greatest budget."""

    ratio: float
    low: float
    """The least lower end of the ratio's interval."""


GOALS = {"Optuna TPE + MedianPruner": Goal(50 / 17, 2.0), "random": Goal(50 / 6, 0.0)}


def times_less(measured: Mapping[str, Cube]) -> Iterator[tuple[str, Estimate, bool | None]]:
    """Yields each peer, how many times less training ours needs, and whether the goal is reached; None: no goal."""
    first, *others = measured.items()
    for name, theirs in others:
        ratio, goal = budget_ratio(first[1], theirs, SHOWN[-1]), GOALS.get(name)
        yield name, ratio, None if goal is None else ratio.value >= goal.ratio and ratio.low >= goal.low


def write_results(measured: Mapping[str, Mapping[str, Cube]]) -> None:
    """Writes what was measured; a suite that was not is kept as it is in the file."""
    kept: dict[str, object] = json.loads(_RESULTS.read_text(encoding="utf-8")) if _RESULTS.exists() else {}
    written = {**kept, **{suite: _suite(found) for suite, found in measured.items() if found}}
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def _suite(found: Mapping[str, Cube]) -> dict[str, object]:
    ours = next(iter(found.values()))
    return {
        "tasks": ours.shape[0],
        "contestants": {name: _contestant(theirs, ours) for name, theirs in found.items()},
        "times_less_training": {
            name: {**asdict(ratio), "goal": GOALS[name].ratio if name in GOALS else None, "reached": reached}
            for name, ratio, reached in times_less(found)
        },
    }


def _contestant(theirs: Cube, ours: Cube) -> dict[str, object]:
    regrets = {str(budget): asdict(mean_regret(theirs, budget)) for budget in SHOWN}
    if theirs is not ours:
        for budget in SHOWN:
            regrets[str(budget)]["p_better"] = is_better(theirs, ours, budget)
    return {"seeds": theirs.shape[1], "regret": regrets}
