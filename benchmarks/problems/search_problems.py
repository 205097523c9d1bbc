"""The problems that `search.py` searches: two trainings of the engine, and two functions with known minima.

Every problem has ranges, and a grid over them; a trial reports step by step, larger is better, and its last report is
its value.

- spirals and digits: the engine trains, with one fixed seed, on 5 x 4 x 4 x 3 = 240 grid points.
- Branin and Hartmann-6: grids of 15 x 15 and 3^6 points. There is nothing to train, so a trial has 20 steps that rise
  towards its value: at step s it reports value - span * (1 - (s + 1) / 20)^2, span being the difference between the
  grid's worst and best.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.problems.functions import BRANIN, HARTMANN, Function
from morphogenetic_engine.engine.training import train
from morphogenetic_engine.errors import Pruned
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.grid_search import Grid
from morphogenetic_engine.trial import Metrics, Params

STEPS = 20
Stops = Callable[[int, float], bool]
"""(step, reported value) -> whether the trial ends here."""

_ENGINE_RANGES: Mapping[str, Mapping[str, object]] = {
    "lr": {"low": 1e-4, "high": 1e-1, "log": True, "points": 5},
    "hidden_dim": {"low": 8, "high": 64, "log": True, "points": 4},
    "num_layers": {"low": 1, "high": 4},
    "batch_size": {"low": 32, "high": 128, "log": True, "points": 3},
}
_ENGINE: Mapping[str, Params] = {
    # With more turns or fewer epochs, accuracies stay near chance and no search can tell configurations apart.
    "spirals": {
        "problem_type": "spirals",
        "n_samples": 600,
        "rotations": 1.5,
        "noise": 1.0,
        "warm_up_epochs": 27,
    },
    "digits": {"problem_type": "digits", "warm_up_epochs": 12},
}


@dataclass(frozen=True)
class Problem:
    """Something to search."""

    name: str
    parameters: Mapping[str, Mapping[str, object]]
    """Its ranges, as a sweep file has them; a grid takes `points` of each."""
    steps: int
    """The number of steps that a complete trial reports."""
    run: Callable[[Params, Stops], Sequence[float]]
    """Returns what a trial reported; the last one is its value, if there are `steps` of them."""
    afresh: Callable[[Params, int], float] | None = None
    """Returns the value with another seed, on the same data; None: nothing is random."""

    def grid(self) -> list[Params]:
        """Returns the points of the full grid, in its order."""
        config = parse_config({"parameters": self.parameters}, where=self.name)
        grid = Grid(config.space)
        return [grid.suggest(number) for number in range(grid.trials)]


def problem(name: str) -> Problem:
    """Returns a problem by its name, which worker processes can do too."""
    if name in _ENGINE:
        return _engine_problem(name, _ENGINE[name])
    function, points = {BRANIN.name: (BRANIN, 15), HARTMANN.name: (HARTMANN, 3)}[name]
    return _function_problem(function, points)


NAMES = (*_ENGINE, BRANIN.name, HARTMANN.name)


@dataclass(frozen=True)
class _Recorder:
    """The trial contract for one training run in this process."""

    dir: Path
    stops: Stops
    number: int = 0
    seed: int = 1
    curve: list[float] = field(default_factory=list)

    def report(self, step: int, metrics: Metrics) -> None:
        """Records the accuracy of an epoch."""
        self.curve.append(metrics["val_acc"])
        if self.stops(step, metrics["val_acc"]):
            raise Pruned(f"pruned at step {step}")


def _engine_problem(name: str, fixed: Params) -> Problem:
    def run(params: Params, stops: Stops) -> Sequence[float]:
        return _trained({**fixed, **params, "seed": 42}, stops)

    def afresh(params: Params, seed: int) -> float:
        return _trained({**fixed, **params}, lambda _step, _value: False, seed=1_000 + seed)[-1]

    return Problem(name, _ENGINE_RANGES, int(fixed["warm_up_epochs"]), run, afresh)


def _trained(params: Params, stops: Stops, seed: int = 1) -> Sequence[float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        recorder = _Recorder(Path(place), stops, seed=seed)
        try:
            train({**params, "adaptation_epochs": 0, "device": "cpu", "threads": 1}, recorder)
        except Pruned:
            pass
        return recorder.curve


def _function_problem(function: Function, points: int) -> Problem:
    ranges = {name: {**axis, "points": points} for name, axis in function.parameters.items()}
    grid = Problem(function.name, ranges, STEPS, lambda _params, _stops: ()).grid()
    values = [function.value(point) for point in grid]
    span = max(values) - min(values)

    def run(params: Params, stops: Stops) -> Sequence[float]:
        curve: list[float] = []
        for step in range(STEPS):
            curve.append(-function.value(params) - span * (1 - (step + 1) / STEPS) ** 2)
            if stops(step, curve[-1]):
                break
        return curve

    return Problem(function.name, ranges, STEPS, run)
