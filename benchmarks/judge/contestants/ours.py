"""The strategies of this project, suggested and decided by the code that a sweep runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count

from benchmarks.judge.search import Search
from benchmarks.judge.tasks import Axis, Range, Taken, Task
from benchmarks.problems.rung_attempts import attempts
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
    """Yields the losses of a strategy whose trials are called once."""
    strategy = strategy_of(_config(task, seed, {"n_trials": _TRIALS, "lookahead": 1, **chosen}))
    taken = Taken(task)
    trials: dict[int, TrialRecord] = {}
    for number in count():
        earlier = earlier_than(number, strategy.needs(number), trials)
        index = taken.nearest(strategy.suggest(number, earlier))
        trial = trials[number] = TrialRecord(number, 0, task.points[index])
        decisions = strategy.decisions(number, trial.params, earlier, {})
        for step, loss in enumerate(task.losses[index].tolist()):
            yield loss
            trial.curve[step] = {_METRIC: loss}
            if decisions is not None and decisions.decide(step, loss) is Decision.STOP:
                _end(trial, TrialState.PRUNED)
                break
        else:
            _end(trial, TrialState.COMPLETE)


def _halving(chosen: Mapping[str, object], task: Task, seed: int, budget: int) -> Iterator[float]:
    """Yields the losses of a halving."""
    halving = {"full": task.steps, "budget": budget}
    strategy = strategy_of(_config(task, seed, {"strategy": "halving", "halving": halving, **chosen}))
    taken = Taken(task)
    indices: dict[int, int] = {}

    def configured(number: int, suggested: Params) -> Params:
        indices[number] = taken.nearest(suggested)
        return task.points[indices[number]]

    for trial, pause in attempts(strategy, configured):
        curve = task.losses[indices[trial.number]].tolist()
        for step in range(len(trial.curve), len(curve) if pause is None else pause):
            yield curve[step]
            trial.curve[step] = {_METRIC: curve[step]}


def _end(trial: TrialRecord, state: TrialState) -> None:
    trial.state, trial.metrics = state, trial.curve[max(trial.curve)]


def _config(task: Task, seed: int, chosen: Mapping[str, object]) -> SweepConfig:
    return parse_config(
        {
            "sweep_type": "bayesian",
            "experiment": {"workload": "benchmarks.judge.contestants.ours:none"},
            "parameters": {name: _written(axis) for name, axis in task.axes.items()},
            "optimization": {
                "target_metric": _METRIC,
                "direction": "minimize",
                "seed": seed,
                **chosen,
            },
        },
        where=task.name,
    )


def _written(axis: Axis) -> object:
    return axis.written if isinstance(axis, Range) else list(axis)


_PRUNED = {"pruner": "MedianPruner", "pruner_options": {"n_startup_trials": 5, "n_warmup_steps": 5}}

SEARCHES: Mapping[str, Search] = {
    "halving": Search(partial(_halving, {"sampler": "auto"}), sized=True),
    "halving, random": Search(partial(_halving, {"sampler": "Random"}), sized=True),
    "auto": Search(partial(_losses, {"sampler": "auto"})),
    "auto, costly trials": Search(partial(_losses, {"sampler": "auto", "expected_trial_seconds": 60})),
    "auto + MedianPruner": Search(partial(_losses, {"sampler": "auto", **_PRUNED})),
}
