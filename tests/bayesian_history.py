"""The history of a bayesian sweep without its processes: trials end as the test determines."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.search.optuna.optuna_pruner import OptunaPruner
from morphogenetic_engine.sweeps.search.optuna.optuna_strategy import OptunaStrategy
from morphogenetic_engine.sweeps.strategy import Decision, earlier_than
from morphogenetic_engine.trial import Params

NUMBERS = {
    "x": {"low": 0.0, "high": 1.0},
    "rate": {"low": 1e-4, "high": 1.0, "log": True},
    "width": {"low": 3, "high": 300, "log": True},
    "depth": {"low": 2, "high": 12, "step": 3},
    "drop": {"low": 0.1, "high": 0.75, "step": 0.1},
}
MIXED = {**NUMBERS, "kind": ["relu", 1, 0.5, False]}
CONDITIONAL = {
    "rule": ["sgd", "adam", "none"],
    "rate": {"low": 1e-4, "high": 1.0, "log": True, "when": {"rule": ["sgd", "adam"]}},
    "nesterov": {"choices": [True, False], "when": {"rule": "sgd"}},
    "momentum": {"low": 0.0, "high": 0.9, "step": 0.1, "when": {"nesterov": True}},
    "x": {"low": 0.0, "high": 1.0},
}
OPTIONS: Mapping[str, Mapping[str, int]] = {
    "TPE": {"n_startup_trials": 4},
    "CmaEs": {"n_startup_trials": 2, "popsize": 4},
    "NSGAII": {"population_size": 3},
    "GP": {"n_startup_trials": 4},
}
"""Settings with which a sampler begins to learn after a few trials."""


@dataclass(frozen=True)
class End:
    """The end of a pretended trial."""

    state: TrialState = TrialState.COMPLETE
    value: float = 0.0
    reports: Sequence[float] = ()


Ends = Callable[[int, Params], End]


def config_of(
    sampler: str = "TPE",
    parameters: Mapping[str, object] | None = None,
    *,
    fixed: Params | None = None,
    optimization: Mapping[str, object] | None = None,
    **more: object,
) -> SweepConfig:
    """Returns a bayesian sweep whose sampler learns early."""
    given = {"sampler": sampler, "sampler_options": OPTIONS.get(sampler, {}), "n_trials": 14, "lookahead": 4}
    return parse_config(
        {
            "sweep_type": "bayesian",
            "experiment": {"workload": "toy:quadratic", **(fixed or {})},
            "parameters": NUMBERS if parameters is None else parameters,
            "optimization": {**given, **(optimization or {}), **more},
        },
        where="sweep.yaml",
    )


def suggested(config: SweepConfig, ends: Ends, *, restarts: Collection[int] = ()) -> list[Params]:
    """Returns what each trial tries; before the trials in `restarts` a new process takes over."""
    suggestions = OptunaStrategy(config)
    trials: dict[int, TrialRecord] = {}
    for number in range(suggestions.trials):
        if number in restarts:
            suggestions = OptunaStrategy(config)
        params = suggestions.suggest(number, earlier_than(number, suggestions.needs(number), trials))
        trials[number] = record(number, params, ends(number, params))
    return [trial.params for trial in trials.values()]


def pruned(
    config: SweepConfig, curves: Sequence[Sequence[float]], *, restarts: Collection[int] = ()
) -> list[TrialRecord]:
    """Returns how trials end that would report these values, step after step, if nobody stopped them."""
    pruning, lookahead = OptunaPruner(config), config.optimization.lookahead or 1
    trials: list[TrialRecord] = []
    for number, curve in enumerate(curves):
        if number in restarts:
            pruning = OptunaPruner(config)
        params: Params = {"x": 0.5}
        decisions = pruning.decisions(number, params, trials[: max(0, number - lookahead + 1)], {})
        stop = next((step for step, value in enumerate(curve) if decisions.decide(step, value) is Decision.STOP), None)
        state = TrialState.COMPLETE if stop is None else TrialState.PRUNED
        told = curve if stop is None else curve[: stop + 1]
        trials.append(record(number, params, End(state, told[-1], told)))
    return trials


def record(number: int, params: Params, end: End) -> TrialRecord:
    """Returns a trial as a sweep's history has it."""
    metrics = {} if end.state is TrialState.FAILED else {"val_acc": end.value}
    curve = {step: {"val_acc": value} for step, value in enumerate(end.reports)}
    return TrialRecord(number, 0, params, end.state, metrics=metrics, curve=dict(curve))


def score(params: Params) -> float:
    """Returns an objective of whatever there is: smooth in numbers, uneven in choices."""
    parts = [len(value) / 7 if isinstance(value, str) else math.sin(3 * float(value)) for value in params.values()]
    return math.fsum(parts)


def in_state(state: TrialState, params: Params, change: float = 0.0) -> End:
    """Returns the end of a trial that reports twice on its way."""
    value = score(params) + change
    return End(state, value, () if state is TrialState.FAILED else (value / 2, value))
