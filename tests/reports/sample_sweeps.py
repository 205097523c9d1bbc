"""Sweeps of every kind that a report must be able to show."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping, Sequence

from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import Confirmation, Replicate, TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.trial import Params
from tests.reports.halvings import halving, stopped
from tests.reports.sweeps import sweep, trial

HOSTILE = (
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "\"'`&amp; ]]> <!-- --> \u2028 {{ 7*7 }}",
    "🦋 蝶 " + "very-long-" * 20,
    "=1+1",
)
LARGEST = sys.float_info.max
LONG_NAME = "a" * 190 + "_the_end"


def some_trials(count: int, *, curve: int = 4) -> list[TrialRecord]:
    chance = random.Random(count)
    trials = []
    for number in range(count):
        x, lr, kind = chance.random(), 10 ** chance.uniform(-4, 0), chance.choice(["relu", "tanh", "gelu"])
        value = 1 - (x - 0.4) ** 2 - (0.05 if kind == "relu" else 0.0) + chance.gauss(0, 0.01)
        steps = [value * (step + 1) / curve for step in range(curve)]
        trials.append(trial(number, {"x": x, "lr": lr, "kind": kind}, value, curve=steps, test_acc=value - 0.01))
    return trials


def hostile_sweep() -> SweepResult:
    params: list[Params] = [
        {"kind": kind, LONG_NAME: number / 10, "lr": 1e-3} for number, kind in enumerate(HOSTILE * 5)
    ]
    trials = [trial(number, each, 0.5 + number / 100, curve=[0.1, 0.2]) for number, each in enumerate(params)]
    trials.append(trial(99, params[0], state=TrialState.FAILED, message="".join(HOSTILE)))
    space = {"kind": list(HOSTILE), LONG_NAME: {"low": 0.0, "high": 5.0}, "lr": [1e-4, 1e-3, 1e-2]}
    return sweep(trials, space)


def ended_in_every_way() -> SweepResult:
    trials = some_trials(30)
    trials += [trial(30, {"x": 0.9, "lr": 0.5, "kind": "relu"}, state=TrialState.FAILED, message="CUDA out of memory")]
    trials += [trial(31, {"x": 0.1, "lr": 0.5, "kind": "gelu"}, 0.1, state=TrialState.PRUNED, curve=[0.1])]
    trials += [trial(32, {"x": 0.1, "lr": 0.5, "kind": "gelu"}, state=TrialState.RUNNING)]
    return sweep(trials)


def several_objectives() -> SweepResult:
    trials = [trial(n, {"x": n / 20}, 1 - (n / 20 - 0.5) ** 2, loss=10.0 ** (n % 5)) for n in range(20)]
    objectives = [{"metric": "val_acc"}, {"metric": "loss", "direction": "minimize"}]
    return sweep(trials, {"x": {"low": 0.0, "high": 1.0}}, objectives=objectives)


def conditional() -> SweepResult:
    space = {"kind": ["sgd", "adam"], "momentum": {"low": 0.0, "high": 1.0, "when": {"kind": "sgd"}}}
    trials = [
        trial(n, {"kind": "sgd", "momentum": n / 30} if n % 2 else {"kind": "adam"}, 0.5 + n / 100) for n in range(30)
    ]
    return sweep(trials, space)


def halved() -> SweepResult:
    chance = random.Random(0)
    trials = [stopped(number, chance.random(), x=chance.random()) for number in range(18)]
    trials += [stopped(18 + number, 0.7, chance.random(), x=chance.random()) for number in range(6)]
    return halving([*trials, stopped(24, 0.8, 0.8, complete=0.9), stopped(25, 0.9, 0.9, complete=0.8, x=0.1)])


def confirmed() -> SweepResult:
    trials = some_trials(6)
    for each in trials[:2]:
        for index in range(6):
            value = each.metrics["val_acc"] - index / 1000
            each.confirmations[index] = Confirmation(index, TrialState.COMPLETE, {"val_acc": value}, 1.0)
    for each in trials:
        curve = {step: {"val_acc": step / 3} for step in range(3)}
        each.replicates.update({index: Replicate(index, dict(each.metrics), 1.0, curve) for index in range(3)})
    return sweep(trials)


def of_values(values: Sequence[float], *, minimize: bool = False) -> SweepResult:
    """Returns a sweep of these objectives, with replicates and fresh seeds of its first trials."""
    trials = some_trials(len(values))
    for place, (each, value) in enumerate(zip(trials, values, strict=True)):
        each.metrics = {"val_acc": value, "test_acc": values[place - 1]}
        each.curve.update({step: {"val_acc": values[place - step]} for step in range(min(4, len(values)))})
        for index in range(6 if place < 2 else 0):
            fresh = values[(place + index) % len(values)]
            each.confirmations[index] = Confirmation(index, TrialState.COMPLETE, {"val_acc": fresh}, 1.0)
            each.replicates[index] = Replicate(index, {"val_acc": fresh}, 1.0, dict(each.curve))
    return sweep(trials, direction="minimize" if minimize else "maximize")


SWEEPS: Mapping[str, Callable[[], SweepResult]] = {
    "ordinary": lambda: sweep(some_trials(60)),
    "ended in every way": ended_in_every_way,
    "no complete trial": lambda: sweep([trial(0, {"x": 0.5, "lr": 0.1, "kind": "relu"}, state=TrialState.FAILED)]),
    "never started": lambda: sweep([]),
    "a single trial": lambda: sweep(some_trials(1)),
    "all equal": lambda: sweep([trial(n, {"x": 0.5, "lr": 0.1, "kind": "relu"}, 0.5) for n in range(25)]),
    "choices alone": lambda: sweep(
        [trial(n, {"kind": "ab"[n % 2], "on": n % 3 == 0}, n / 30) for n in range(30)],
        {"kind": ["a", "b"], "on": [True, False]},
    ),
    "hostile": hostile_sweep,
    "several objectives": several_objectives,
    "conditional": conditional,
    "halved": halved,
    "confirmed and replicated": confirmed,
    "extreme": lambda: of_values([LARGEST, -LARGEST, 5e-324, 0.0, 1.0] * 5),
    "too small to tell apart": lambda: of_values([0.0, 5e-324, 1e-323] * 8),
    "as wide as can be": lambda: of_values([5e-324, 1e-10, LARGEST] * 8),
}
