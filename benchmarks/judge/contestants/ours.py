"""The strategies of this project, suggested and decided by the code that a sweep runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count

from benchmarks.judge.registry import Search
from benchmarks.judge.tasks import Axis, Range, Taken, Task
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.strategy import Decision, earlier_than
from morphogenetic_engine.trial import Params

_METRIC = "loss"
# The trials that a user would ask for; `auto` chooses by it.
_TRIALS = 50


def _losses(chosen: Mapping[str, object], task: Task, seed: int, _budget: int) -> Iterator[float]:
    strategy = strategy_of(_config(task, seed, chosen))
    taken = Taken(task)
    trials: dict[int, TrialRecord] = {}
    for number in count():
        earlier = earlier_than(number, strategy.needs(number), trials)
        index = taken.nearest(strategy.suggest(number, earlier))
        params = task.points[index]
        decisions = strategy.decisions(number, params, earlier, {})
        curve: list[float] = []
        stopped = False
        for step, loss in enumerate(task.losses[index].tolist()):
            yield loss
            curve.append(loss)
            if decisions is not None and decisions.decide(step, loss) is Decision.STOP:
                stopped = True
                break
        trials[number] = _record(number, params, curve, complete=not stopped)


def _record(number: int, params: Params, curve: list[float], *, complete: bool) -> TrialRecord:
    state = TrialState.COMPLETE if complete else TrialState.PRUNED
    reports: dict[int, Mapping[str, float]] = {step: {_METRIC: loss} for step, loss in enumerate(curve)}
    return TrialRecord(number, 0, params, state, metrics={_METRIC: curve[-1]}, curve=reports)


def _config(task: Task, seed: int, chosen: Mapping[str, object]) -> SweepConfig:
    return parse_config(
        {
            "sweep_type": "bayesian",
            "experiment": {"workload": "benchmarks.judge.contestants.ours:none"},
            "parameters": {name: _written(axis) for name, axis in task.axes.items()},
            "optimization": {
                "target_metric": _METRIC,
                "direction": "minimize",
                "n_trials": _TRIALS,
                "seed": seed,
                "lookahead": 1,
                **chosen,
            },
        },
        where=task.name,
    )


def _written(axis: Axis) -> object:
    return axis.written if isinstance(axis, Range) else list(axis)


_PRUNED = {"pruner": "MedianPruner", "pruner_options": {"n_startup_trials": 5, "n_warmup_steps": 5}}

SEARCHES: Mapping[str, Search] = {
    "auto": Search(partial(_losses, {"sampler": "auto"})),
    "auto + MedianPruner": Search(partial(_losses, {"sampler": "auto", **_PRUNED})),
}
