"""Replay: strategies search the recorded trials of a finished sweep, so that they are compared without training.

The recorded trial nearest to a suggestion that was not taken yet takes its place, with its parameters, reports and
result. So the strategy learns from measured values only, and each recorded trial is used once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from morphogenetic_engine.errors import ConfigError, SweepError
from morphogenetic_engine.sweeps.config import SweepConfig
from morphogenetic_engine.sweeps.config_file import parse_config
from morphogenetic_engine.sweeps.record.events import TrialState
from morphogenetic_engine.sweeps.record.trials import TrialRecord
from morphogenetic_engine.sweeps.results import SweepResult
from morphogenetic_engine.sweeps.schema.objective import Direction
from morphogenetic_engine.sweeps.search.registry import strategy_of
from morphogenetic_engine.sweeps.space.parameter_axes import Choices, Parameter
from morphogenetic_engine.sweeps.strategy import Decision, Strategy, earlier_than
from morphogenetic_engine.trial import Params, Value


@dataclass(frozen=True)
class Contestant:
    """A sampler and a pruner of a bayesian sweep that are compared with others."""

    sampler: str
    pruner: str = "none"

    @property
    def name(self) -> str:
        return self.sampler if self.pruner == "none" else f"{self.sampler} + {self.pruner}"


@dataclass(frozen=True)
class Replayed:
    """The cost and the best value of one replay, trial after trial."""

    steps: Sequence[int]
    """The cost of each trial: the steps that it reported, or 1 if the workload reports none."""
    values: Sequence[float | None]
    """The objective of each complete trial; None: pruned or failed."""
    direction: Direction
    goal: float
    """The best recorded objective."""

    @cached_property
    def reached(self) -> int | None:
        """The trials until the best recorded value was found; None: its trial was pruned."""
        for place, value in enumerate(self.values, start=1):
            if value is not None and not self.direction.better(self.goal, value):
                return place
        return None

    @property
    def steps_until_best(self) -> int | None:
        """The steps until the best recorded value was found; None: never."""
        return None if self.reached is None else sum(self.steps[: self.reached])

    def best_after(self, steps: int) -> float | None:
        """The best objective found with at most so many steps; None: no trial was complete by then."""
        best, spent = None, 0
        for cost, value in zip(self.steps, self.values, strict=True):
            spent += cost
            if spent > steps:
                break
            if value is not None and (best is None or self.direction.better(value, best)):
                best = value
        return best


def replayable(result: SweepResult) -> list[TrialRecord]:
    """Returns the trials that a replay searches: all that have ended.

    Raises:
        ConfigError: the sweep has several objectives.
        SweepError: it has no complete trial.
    """
    where = f"sweep {result.info.sweep_id}"
    if len(result.config.optimization.all_objectives) > 1:
        raise ConfigError(f"{where}: optimization.objectives: a replay compares one objective, but got several")
    if not result.ranked:
        raise SweepError(f"{where}: has no {result.rankable} trial to replay")
    return [trial for trial in result.trials if trial.state.final]


def as_recorded(result: SweepResult) -> Replayed:
    """Returns the sweep as it ran, in the form of a replay."""
    return _replayed(replayable(result), result)


def replay(result: SweepResult, contestant: Contestant, seed: int) -> Replayed:
    """Searches the recorded trials until all of them are taken.

    Raises:
        ConfigError: the sampler or the pruner does not fit the space, or the sweep has several objectives.
        SweepError: the sweep has no complete trial.
    """
    pool = _Pool(replayable(result), result.config)
    strategy = strategy_of(contestant_config(result, contestant, len(pool), seed))
    trials: dict[int, TrialRecord] = {}
    for number in range(len(pool)):
        trials[number] = _answered(number, strategy, trials, pool)
    return _replayed(list(trials.values()), result)


def contestant_config(result: SweepResult, contestant: Contestant, trials: int, seed: int) -> SweepConfig:
    """Returns the configuration of a replay: the sweep's own space and objective, another sampler and pruner.

    Raises:
        ConfigError: the sampler or the pruner does not fit the space.
    """
    written = result.config.model_dump(mode="json")
    optimization = written["optimization"]
    kept = {name: optimization[name] for name in ("target_metric", "direction", "outcome_constraints", "lookahead")}
    chosen = {"sampler": contestant.sampler, "pruner": contestant.pruner, "n_trials": trials, "seed": seed}
    given = {"sweep_type": "bayesian", "optimization": {**kept, **chosen}, "execution": {}, "tracking": {}}
    for parameter in written["parameters"].values():
        parameter["default"] = None  # the baseline is one of the recorded trials, and found like the others
    return parse_config({**written, **given}, where=f"sweep {result.info.sweep_id}")


def _answered(number: int, strategy: Strategy, trials: Mapping[int, TrialRecord], pool: _Pool) -> TrialRecord:
    """Returns the recorded trial nearest to the suggestion, truncated where the pruner stops it."""
    earlier = earlier_than(number, strategy.needs(number), trials)
    recorded = pool.take(strategy.suggest(number, earlier))
    decisions = strategy.decisions(number, recorded.params, earlier, {})
    if decisions is None:
        return _renumbered(recorded, number)
    target = pool.target
    for step, metrics in sorted(recorded.curve.items()):
        if target in metrics and decisions.decide(step, metrics[target]) is not Decision.GO_ON:
            return _renumbered(recorded, number, until=step)
    return _renumbered(recorded, number)


def _renumbered(recorded: TrialRecord, number: int, until: int | None = None) -> TrialRecord:
    """Returns a recorded trial under another number; `until` is the step at which it was pruned, None: it was not."""
    if until is None:
        return TrialRecord(
            number, recorded.seed, recorded.params, recorded.state, metrics=recorded.metrics, curve=recorded.curve
        )
    curve = {step: metrics for step, metrics in recorded.curve.items() if step <= until}
    return TrialRecord(number, recorded.seed, recorded.params, TrialState.PRUNED, metrics=curve[until], curve=curve)


def _replayed(trials: Sequence[TrialRecord], result: SweepResult) -> Replayed:
    optimization, best = result.config.optimization, result.best
    assert best is not None, "a replayable sweep has a complete trial"
    target = optimization.target_metric
    counts = [trial.state is TrialState.COMPLETE and optimization.is_feasible(trial.metrics) for trial in trials]
    values = [trial.metrics[target] if each else None for trial, each in zip(trials, counts, strict=True)]
    steps = [len(trial.curve) or 1 for trial in trials]
    return Replayed(steps, values, optimization.direction, best.metrics[target])


class _Pool:
    """The recorded trials that are not taken yet, by their distance to a configuration."""

    def __init__(self, trials: Sequence[TrialRecord], config: SweepConfig) -> None:
        self.target = config.optimization.target_metric
        self._trials = trials
        self._axes = config.space.axes
        self._places_NA = np.array([self._place(trial.params) for trial in trials], dtype=np.float64)
        self._choices_A = np.array([isinstance(axis, Choices) for axis in self._axes.values()], dtype=bool)
        self._free_N = np.ones(len(trials), dtype=bool)

    def __len__(self) -> int:
        return len(self._trials)

    def take(self, params: Params) -> TrialRecord:
        """Returns the nearest trial that is left, which is then taken; of equally near ones the first."""
        gaps_NA = np.abs(self._places_NA - np.array(self._place(params), dtype=np.float64))
        gaps_NA[:, self._choices_A] = gaps_NA[:, self._choices_A] > 0  # choices are alike or not, never near
        distances_N = np.where(self._free_N, np.square(gaps_NA).sum(axis=1), np.inf)
        nearest = int(np.argmin(distances_N))
        self._free_N[nearest] = False
        return self._trials[nearest]

    def _place(self, params: Params) -> list[float]:
        return [_place(axis, params[name]) if name in params else _ABSENT for name, axis in self._axes.items()]


_ABSENT = -1.0
"""The place of a parameter whose condition does not hold: farther from every value than any two values are."""


def _place(axis: Parameter, value: Value) -> float:
    """Returns where a value lies on its axis: 0 to 1 on ranges (in the logarithm with log), its index in choices."""
    if isinstance(axis, Choices):
        return float(axis.values.index(value))
    low, high, number = float(axis.low), float(axis.high), float(value)
    if low == high:
        return 0.0
    if axis.log:
        low, high, number = math.log(low), math.log(high), math.log(number)
    return (number - low) / (high - low)
