"""How much training each way to search takes until it has found what the full grid would have found.

A problem has a full grid of configurations, and a cost: the epochs of all trials, pruned ones with those that they ran.
Each strategy searches with ten seeds until a finished trial is at least as good as the best of the grid, or until it
has spent as much as the grid would; the medians over the seeds are reported.

- spirals and digits: the engine on a grid of 96 configurations. It trains once for each, with one fixed seed, and the
  recorded curves answer whatever asks for that configuration: the parameters are the grid's values, as choices.
  A configuration that a strategy asks for twice costs twice.
- Branin and Hartmann-6: the functions themselves, on their continuous ranges, against grids of 15 x 15 and 3^6 points.
  There is nothing to train, so a trial is given 20 steps that fall towards its value: at step s it reports
  value + span * (1 - (s + 1) / 20)^2, span being the difference between the grid's worst and best.

All searches are told results with a lookahead of 4, as on four workers. TPE and CMA-ES have Optuna's settings, the
median pruner waits for five trials and three steps.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.functions import BRANIN, HARTMANN, Function
from morphogenetic_engine.engine.training import train
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.events import TrialState
from morphogenetic_engine.sweeps.results import TrialRecord
from morphogenetic_engine.sweeps.search import pruning_of, suggestions_of
from morphogenetic_engine.sweeps.suggestions import earlier_than
from morphogenetic_engine.trial import Metrics, Params, Value

_SEEDS = range(10)
_LOOKAHEAD = 4
_STEPS = 20
_ENGINE_GRID: Mapping[str, Sequence[Value]] = {
    "lr": (0.0003, 0.001, 0.003, 0.01),
    "hidden_dim": (8, 16, 32, 64),
    "num_layers": (1, 2, 4),
    "batch_size": (64, 128),
}
_ENGINE: Mapping[str, Params] = {
    "spirals": {"problem_type": "spirals", "warm_up_epochs": 30},
    "digits": {"problem_type": "digits", "warm_up_epochs": 12},
}
_MEDIAN_PRUNER = {"pruner": "MedianPruner", "pruner_options": {"n_startup_trials": 5, "n_warmup_steps": 3}}
_STRATEGIES: Mapping[str, Mapping[str, object]] = {
    "random": {"sweep_type": "random"},
    "TPE": {"sampler": "TPE"},
    "TPE + median pruner": {"sampler": "TPE", **_MEDIAN_PRUNER},
    "CMA-ES": {"sampler": "CmaEs"},
}


@dataclass(frozen=True)
class _Problem:
    """Something to search, and what its full grid costs and finds."""

    name: str
    parameters: Mapping[str, object]
    curve: Callable[[Params], Sequence[float]]
    """What a configuration reports step by step, the last being its value; larger is better."""
    grid: Sequence[Params]
    strategies: Sequence[str]

    @property
    def steps(self) -> int:
        """What the full grid costs."""
        return sum(len(self.curve(point)) for point in self.grid)


@dataclass(frozen=True)
class _Recorder:
    """The trial contract for one training run in this process."""

    dir: Path
    number: int = 0
    seed: int = 1
    curve: list[float] = field(default_factory=list)

    def report(self, _step: int, metrics: Metrics) -> None:
        """Keep the accuracy of an epoch."""
        self.curve.append(metrics["val_acc"])


def figures() -> list[Figure]:
    """Search four problems."""
    problems = [_engine_problem(name) for name in _ENGINE]
    problems += [_function_problem(BRANIN, 15), _function_problem(HARTMANN, 3)]
    return [figure for problem in problems for figure in _figures(problem)]


def _figures(problem: _Problem) -> Iterable[Figure]:
    values = [problem.curve(point)[-1] for point in problem.grid]
    goal, spent = max(values), 0
    found = values.index(goal)
    spent = sum(len(problem.curve(point)) for point in problem.grid[: found + 1])
    yield Figure(f"{problem.name}: full grid, {len(problem.grid)} trials", problem.steps, "epochs")
    yield Figure(f"{problem.name}: grid in its order, until its best", spent, "epochs")
    for strategy in problem.strategies:
        costs = [_cost(problem, strategy, seed, goal) for seed in _SEEDS]
        missed = sum(cost is None for cost in costs)
        name = f"{problem.name}: {strategy}" + (f" ({missed} of {len(costs)} never)" if missed else "")
        median = statistics.median(problem.steps if cost is None else cost for cost in costs)
        yield Figure(name, median, "epochs")
        if strategy == "TPE + median pruner":
            yield Figure(f"{problem.name}: {strategy} over the full grid", median / problem.steps, "ratio", 0.1)


def _cost(problem: _Problem, strategy: str, seed: int, goal: float) -> int | None:
    """Return the epochs until a finished trial reaches the goal; None: it takes more than the grid."""
    config = _config(problem, strategy, seed)
    suggestions, pruning = suggestions_of(config), pruning_of(config)
    trials: dict[int, TrialRecord] = {}
    spent = 0
    for number in range(len(suggestions)):
        earlier = earlier_than(number, suggestions.needs(number), trials)
        params = suggestions.params(number, earlier)
        curve = problem.curve(params)
        reported = len(curve)
        if pruning is not None:
            decisions = pruning.of_trial(number, params, earlier.ended, {})
            stops = (step for step, value in enumerate(curve) if decisions.stops_at(step, value))
            reported = next(stops, reported - 1) + 1
        complete = reported == len(curve)
        trials[number] = _record(number, params, curve[:reported], complete)
        spent += reported
        if spent > problem.steps:
            return None
        if complete and curve[-1] >= goal:
            return spent
    return None


def _record(number: int, params: Params, curve: Sequence[float], complete: bool) -> TrialRecord:
    state = TrialState.COMPLETE if complete else TrialState.PRUNED
    reports: dict[int, Mapping[str, float]] = {step: {"val_acc": value} for step, value in enumerate(curve)}
    return TrialRecord(number, 0, params, state, metrics={"val_acc": curve[-1]}, curve=reports)


def _config(problem: _Problem, strategy: str, seed: int) -> SweepConfig:
    settings = {"sweep_type": "bayesian", **_STRATEGIES[strategy]}
    sweep_type = settings.pop("sweep_type")
    # Pruned trials are cheap, so a search may have more of them than the grid; a design has each point once.
    trials = len(problem.grid) * (1 if sweep_type == "random" else 4)
    return parse_config(
        {
            "sweep_type": sweep_type,
            "experiment": {"workload": "benchmarks.search:none"},
            "parameters": problem.parameters,
            "optimization": {"n_trials": trials, "seed": seed, "lookahead": _LOOKAHEAD, **settings},
        },
        where="benchmark",
    )


def _engine_problem(name: str) -> _Problem:
    """Train every configuration of the grid once."""
    grid = [dict(zip(_ENGINE_GRID, values, strict=True)) for values in product(*_ENGINE_GRID.values())]
    curves = {_key(point): _trained({**_ENGINE[name], **point}) for point in grid}
    parameters = {axis: list(values) for axis, values in _ENGINE_GRID.items()}
    return _Problem(
        name, parameters, lambda params: curves[_key(params)], grid, ("random", "TPE", "TPE + median pruner")
    )


def _key(params: Params) -> tuple[Value, ...]:
    return tuple(params[axis] for axis in _ENGINE_GRID)


def _trained(params: Params) -> Sequence[float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        recorder = _Recorder(Path(place))
        train({**params, "adaptation_epochs": 0, "seed": 42, "device": "cpu", "threads": 1}, recorder)
        return recorder.curve


def _function_problem(function: Function, points: int) -> _Problem:
    axes = [
        [axis["low"] + (axis["high"] - axis["low"]) * place / (points - 1) for place in range(points)]
        for axis in function.parameters.values()
    ]
    grid = [dict(zip(function.parameters, values, strict=True)) for values in product(*axes)]
    values = [function.value(point) for point in grid]
    span = max(values) - min(values)
    falls = [span * math.pow(1 - (step + 1) / _STEPS, 2) for step in range(_STEPS)]

    def curve(params: Params) -> Sequence[float]:
        value = function.value(params)
        return [-value - fall for fall in falls]

    return _Problem(function.name, function.parameters, curve, grid, tuple(_STRATEGIES))
