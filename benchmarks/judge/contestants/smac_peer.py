"""SMAC3's multi-fidelity facade: Hyperband with a random forest (arXiv:2109.09831), with its defaults but the seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ConfigSpace import Categorical, ConfigurationSpace, Float
from smac import MultiFidelityFacade, Scenario
from smac.runhistory.dataclasses import TrialValue

from benchmarks.judge.search import Search
from benchmarks.judge.tasks import Axis, Range, Taken, Task


def _losses(task: Task, seed: int, _budget: int) -> Iterator[float]:
    """Yields the losses of the steps that a configuration has not been trained for yet: it goes on where it paused."""
    taken = Taken(task)
    indices: dict[Any, int] = {}
    trained: dict[Any, int] = {}
    with TemporaryDirectory() as place:
        facade = _facade(task, seed, Path(place))
        while len(indices) < len(task.points):
            asked = facade.ask()
            if asked.config not in indices:
                indices[asked.config] = taken.nearest(dict(asked.config))
            curve = task.losses[indices[asked.config]].tolist()
            until = min(round(asked.budget), len(curve))
            yield from curve[trained.get(asked.config, 0) : until]
            trained[asked.config] = max(until, trained.get(asked.config, 0))
            facade.tell(asked, TrialValue(cost=curve[until - 1]), save=False)


def _facade(task: Task, seed: int, place: Path) -> MultiFidelityFacade:
    space = ConfigurationSpace(seed=seed)
    space.add([_hyperparameter(name, axis) for name, axis in task.axes.items()])
    scenario = Scenario(
        space,
        deterministic=True,
        min_budget=1,
        max_budget=task.steps,
        n_trials=100 * len(task.points),
        seed=seed,
        output_directory=place,
    )
    return MultiFidelityFacade(scenario, _asked_from_outside, overwrite=True, logging_level=False)


def _asked_from_outside(config: Any, seed: int = 0, budget: float = 0) -> float:
    raise AssertionError(config, seed, budget)


def _hyperparameter(name: str, axis: Axis) -> object:
    if not isinstance(axis, Range):
        return Categorical(name, list(axis))
    return Float(name, (axis.low, axis.high), log=axis.log)


SEARCHES: Mapping[str, Search] = {"SMAC3 multi-fidelity": Search(_losses)}
